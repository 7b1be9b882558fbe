using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Lattice.Silo.Configuration;

/// <summary>What has to hold between several settings.</summary>
internal static partial class SettingsRules
{
    private const int HeartbeatsPerElectionTimeout = 4;

    public static void Check(NodeSettings settings, SettingsValues values, LatticePaths paths, List<SettingsError> errors)
    {
        void Error(string name, string message) => errors.Add(new SettingsError(settings.File, values.LineOf(name), name, message));

        if (settings.Cluster.Peers.Count > 0 && settings.Cluster.Peers.All(p => p.Id != settings.Node))
        {
            Error(SettingsSchema.Peers, $"node {settings.Node} itself is not among the peers ({string.Join(", ", settings.Cluster.Peers.Select(p => p.Id))}). Add a [[cluster.peers]] with id = {settings.Node} and its address, here and in the files of the other nodes.");
        }

        if (!ClusterName().IsMatch(settings.Cluster.Name))
        {
            Error("cluster.name", $"\"{settings.Cluster.Name}\" is not a name; allowed are 1 to 64 letters, digits, '-', '_' and '.'.");
        }

        foreach (PeerSettings peer in settings.Cluster.Peers.Where(p => IPAddress.TryParse(HostPort.Parse(p.Address).Host, out IPAddress? ip) && IsEverywhere(ip)))
        {
            Error(SettingsSchema.Peers, $"the address of node {peer.Id}, {peer.Address}, says where to listen but not where the others find the node. Give an address of its host.");
        }

        if (settings.Cluster.Peers.FirstOrDefault(p => settings.MetricsAddress == p.Address || settings.MetricsAddress == p.Gateway) is { } taken)
        {
            Error("metrics.address", $"{settings.MetricsAddress} is used by node {taken.Id} already; every address must be its own.");
        }

        if (settings.Consensus.ElectionTimeout < HeartbeatsPerElectionTimeout * settings.Consensus.Heartbeat)
        {
            Error("consensus.election_timeout_ms", $"{settings.Consensus.ElectionTimeout.TotalMilliseconds:0} is less than four times heartbeat_ms ({settings.Consensus.Heartbeat.TotalMilliseconds:0}): a lost message or two would cost the leader its office.");
        }

        if (settings.Membership.Provider == MembershipProvider.PostgreSql && values.LineOf("membership.connection") == 0)
        {
            Error("membership.connection", "missing; provider \"postgresql\" needs one, for example \"Host=db;Database=lattice;Username=lattice;Password=...\".");
        }
        else if (ConnectionMistake(settings.Membership) is { } mistake)
        {
            Error("membership.connection", mistake);
        }

        SecurityRules.Check(settings.Security, key => (string)values.Get("security", key, settings.Node, paths), Error);
        if (values.Get("telemetry", "otlp_endpoint", settings.Node, paths) is string { Length: > 0 } collector && settings.Telemetry.Endpoint is not { Scheme: "http" or "https", UserInfo: "" })
        {
            Error("telemetry.otlp_endpoint", $"\"{collector}\" is not an address of the form http://HOST:PORT or https://HOST:PORT, without user and password.");
        }

        AiRules.Check(settings.Ai, (string)values.Get("ai", "endpoint", settings.Node, paths), Error);
        if (settings.Cluster.Peers.FirstOrDefault(p => !IsLocal(p.Address)) is not { } remote)
        {
            return;
        }

        if (settings.Membership.Provider == MembershipProvider.Sqlite)
        {
            Error("membership.provider", $"\"sqlite\" is a file that only the nodes of one host can share, and node {remote.Id} ({remote.Address}) is not on this host. Use provider = \"postgresql\".");
        }

        if (settings.Cluster.Peers.FirstOrDefault(p => IPAddress.TryParse(HostPort.Parse(p.Address).Host, out IPAddress? ip) && IPAddress.IsLoopback(ip)) is { } hidden)
        {
            Error(SettingsSchema.Peers, $"node {hidden.Id} has the address {hidden.Address}, which node {remote.Id} ({remote.Address}) cannot reach: a loopback address means every host's own. Give the address of the host that the others use.");
        }
    }

    private static string? ConnectionMistake(MembershipSettings membership)
    {
        try
        {
            return membership.Provider == MembershipProvider.PostgreSql
                ? new NpgsqlConnectionStringBuilder(membership.Connection).Host is null or "" ? "names no host; PostgreSQL needs one, for example \"Host=db;Database=lattice;Username=lattice;Password=...\"." : null
                : new SqliteConnectionStringBuilder(membership.Connection).DataSource is "" or ":memory:" ? "names no file; SQLite needs one, for example \"Data Source=/var/lib/lattice/membership.db\"." : null;
        }
        catch (ArgumentException e)
        {
            return $"is not a connection string of this provider: {e.Message}";
        }
    }

    [GeneratedRegex("^[A-Za-z0-9._-]{1,64}$", RegexOptions.None, 1000)]
    private static partial Regex ClusterName();

    private static bool IsLocal(string address)
    {
        string host = HostPort.Parse(address).Host;
        if (!IPAddress.TryParse(host, out IPAddress? ip))
        {
            try
            {
                return Dns.GetHostAddresses(host).Any(IsLocal);
            }
            catch (SocketException)
            {
                // A name that nobody knows is not this host's.
                return false;
            }
        }

        return IsLocal(ip);
    }

    private static bool IsLocal(IPAddress ip) =>
        IPAddress.IsLoopback(ip) || IsEverywhere(ip) || NetworkInterface.GetAllNetworkInterfaces().Any(i => i.GetIPProperties().UnicastAddresses.Any(a => a.Address.Equals(ip)));

    /// <summary>An address that says to listen on all of the host's.</summary>
    private static bool IsEverywhere(IPAddress ip) => ip.Equals(IPAddress.Any) || ip.Equals(IPAddress.IPv6Any);
}
