using System.Net;

namespace Lattice.Silo.Configuration;

/// <summary>What has to hold in <c>[security]</c>, and what ought to.</summary>
internal static class SecurityRules
{
    /// <summary>Checks the section.</summary>
    /// <param name="security">The settings.</param>
    /// <param name="values">The settings as they are written.</param>
    /// <param name="error">Takes the name of a setting and what is wrong with it.</param>
    public static void Check(SecuritySettings security, Func<string, string> values, Action<string, string> error)
    {
        string[] tls = ["tls_certificate", "tls_key", "tls_ca"];
        if (security.Tls is null && tls.FirstOrDefault(key => values(key).Length > 0) is { } given)
        {
            string missing = tls.First(key => values(key).Length == 0);
            error($"security.{missing}", $"missing; {given} alone is not enough for TLS. It takes a certificate, its key and the authority that signs those of all nodes and clients.");
        }

        if (security.TokensFile.Length > 0 && security.ClusterSecretFile.Length == 0 && security.Tls is null)
        {
            error("security.cluster_secret_file", "missing; with tokens_file alone anybody could pass for a node at the nodes' own port and need no token. Give a file with a secret that all nodes share ('openssl rand -hex 32 > /etc/lattice/cluster.secret'), or use TLS.");
        }

        if (security.Http != HttpSecurity.Plain && security.Tls is null)
        {
            error("security.http", "TLS needs tls_certificate, tls_key and tls_ca.");
        }
    }

    /// <summary>What may be meant so, and probably is not.</summary>
    public static IEnumerable<string> Warnings(NodeSettings settings)
    {
        SecuritySettings security = settings.Security;
        foreach ((string key, string address) in (IEnumerable<(string, string)>)[("cluster.peers.address", settings.Self.Address), ("cluster.peers.gateway", settings.Self.Gateway)])
        {
            if (IsReachable(address) && security.Tls is null && security.TokensFile.Length == 0)
            {
                yield return $"{key}: other machines can reach {address}, and whoever does can read, change and operate everything: neither tokens nor TLS are set in [security]. Set tokens_file or the tls_ files, or use a loopback address.";
            }
        }

        if (IsReachable(settings.Self.Gateway) && security is { Tls: null, TokensFile.Length: > 0 })
        {
            yield return $"cluster.peers.gateway: tokens and records cross the network to {settings.Self.Gateway} unencrypted. Set tls_certificate, tls_key and tls_ca in [security].";
        }

        if (IsReachable(settings.MetricsAddress) && security is { Tls: not null, Http: HttpSecurity.Plain })
        {
            yield return $"metrics.address: {settings.MetricsAddress} is served unencrypted to other machines. Set http = \"tls\" or \"mutual-tls\" in [security], or use a loopback address.";
        }
    }

    private static bool IsReachable(string address)
    {
        string host = HostPort.Parse(address).Host;
        return !string.Equals(host, "localhost", StringComparison.OrdinalIgnoreCase) && !(IPAddress.TryParse(host, out IPAddress? ip) && IPAddress.IsLoopback(ip));
    }
}
