using System.Globalization;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Lattice.Grains.Access;

/// <summary>Judges the certificate of whoever is at the other end.</summary>
internal static class PeerCertificate
{
    /// <summary>The purpose that tells nodes from clients: only certificates of nodes have it.</summary>
    private const string ServerPurpose = "1.3.6.1.5.5.7.3.1";

    /// <summary>What is wrong with it; null: nothing.</summary>
    /// <param name="certificate">The certificate.</param>
    /// <param name="chain">How it was looked at.</param>
    /// <param name="errors">What was found.</param>
    /// <param name="mustBeNode">Whether only a node is accepted.</param>
    public static string? ProblemOf(X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors, bool mustBeNode)
    {
        if (certificate is null)
        {
            return "it showed no certificate";
        }

        X509Certificate2 shown = certificate as X509Certificate2 ?? new X509Certificate2(certificate);
        string name = $"its certificate '{shown.Subject}'";

        // Nodes are known by their addresses, which change; that the cluster's own authority has signed it as a node's is what counts, not the name.
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors))
        {
            DateTime now = DateTime.UtcNow;
            return shown.NotAfter.ToUniversalTime() < now ? $"{name} expired on {Day(shown.NotAfter)}"
                : shown.NotBefore.ToUniversalTime() > now ? $"{name} is not valid before {Day(shown.NotBefore)}"
                : $"{name} is not one that the authority in tls_ca has signed for this purpose ({string.Join(", ", chain?.ChainStatus.Select(s => s.Status) ?? [])})";
        }

        return mustBeNode && !IsOfNode(shown) ? $"{name} is not that of a node: it has not the purpose serverAuth" : null;
    }

    private static bool IsOfNode(X509Certificate2 certificate)
    {
        foreach (X509Extension extension in certificate.Extensions)
        {
            if (extension is X509EnhancedKeyUsageExtension usage)
            {
                foreach (System.Security.Cryptography.Oid purpose in usage.EnhancedKeyUsages)
                {
                    if (purpose.Value == ServerPurpose)
                    {
                        return true;
                    }
                }
            }
        }

        return false;
    }

    private static string Day(DateTime moment) => moment.ToUniversalTime().ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);
}
