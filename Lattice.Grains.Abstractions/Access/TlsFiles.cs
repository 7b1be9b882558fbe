using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Lattice.Grains.Access;

/// <summary>The certificate that this process shows, and the authority whose certificates it accepts, from PEM files. Renewed ones are taken up within seconds, by connections made from then on.</summary>
/// <param name="certificate">File of the certificate, with those between it and the authority behind it.</param>
/// <param name="key">File of its key.</param>
/// <param name="authority">File of the authority's certificate, or several.</param>
/// <param name="notRenewed">Told when files that changed cannot be used; those read before stay in use.</param>
internal sealed class TlsFiles(string certificate, string key, string authority, Action<string> notRenewed)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    private readonly Lock gate = new();
    private TlsMaterial? material;
    private (DateTime, DateTime, DateTime) stamps;
    private long lookedAt;

    /// <summary>What is in force.</summary>
    /// <exception cref="TlsFilesException">The files cannot be used, and never could.</exception>
    public TlsMaterial Current
    {
        get
        {
            lock (gate)
            {
                long now = Environment.TickCount64;
                if (material is null || now - lookedAt >= Interval.TotalMilliseconds)
                {
                    lookedAt = now;
                    Renew();
                }

                return material!;
            }
        }
    }

    private void Renew()
    {
        (DateTime, DateTime, DateTime) found = (File.GetLastWriteTimeUtc(certificate), File.GetLastWriteTimeUtc(key), File.GetLastWriteTimeUtc(authority));
        if (material is not null && found == stamps)
        {
            return;
        }

        stamps = found;
        try
        {
            material = Read();
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            string problem = $"The TLS files {certificate}, {key} and {authority} cannot be used: {e.Message.TrimEnd('.')}. They have to be PEM files, readable by this user, and the key that of the certificate.";
            if (material is null)
            {
                throw new TlsFilesException(problem, e);
            }

            notRenewed(problem);
        }
    }

    private TlsMaterial Read()
    {
        var own = X509Certificate2.CreateFromPemFile(certificate, key);
        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(certificate);
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPemFile(authority);
        return authorities.Count == 0
            ? throw new CryptographicException($"{authority} holds no certificate")
            : new TlsMaterial(SslStreamCertificateContext.Create(own, chain, offline: true), authorities);
    }
}

/// <summary>What a connection is made with.</summary>
/// <param name="Own">Certificate to show.</param>
/// <param name="Authorities">Whose certificates to accept.</param>
internal sealed record TlsMaterial(SslStreamCertificateContext Own, X509Certificate2Collection Authorities)
{
    /// <summary>How the other side's certificate is looked at: only the given authorities count, none of the machine's.</summary>
    public X509ChainPolicy Policy()
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.AddRange(Authorities);
        return policy;
    }
}

/// <summary>Certificate files cannot be used. The message says why, and what to do.</summary>
public sealed class TlsFilesException(string message, Exception? inner = null) : Exception(message, inner);
