using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Lattice.Silo.Configuration;

/// <summary>What has to hold between several settings.</summary>
internal static class SettingsRules
{
    private const int HeartbeatsPerElectionTimeout = 4;

    public static void Check(NodeSettings settings, SettingsValues values, List<SettingsError> errors)
    {
        void Error(string name, string message) => errors.Add(new SettingsError(settings.File, values.LineOf(name), name, message));

        if (settings.Cluster.Peers.Count > 0 && settings.Cluster.Peers.All(p => p.Id != settings.Node))
        {
            Error(SettingsSchema.Peers, $"node {settings.Node} itself is not among the peers ({string.Join(", ", settings.Cluster.Peers.Select(p => p.Id))}). Add a [[cluster.peers]] with id = {settings.Node} and its address, here and in the files of the other nodes.");
        }

        if (settings.Consensus.ElectionTimeout < HeartbeatsPerElectionTimeout * settings.Consensus.Heartbeat)
        {
            Error("consensus.election_timeout_ms", $"{settings.Consensus.ElectionTimeout.TotalMilliseconds:0} is less than four times heartbeat_ms ({settings.Consensus.Heartbeat.TotalMilliseconds:0}): a lost message or two would cost the leader its office.");
        }

        if (settings.Membership.Provider == MembershipProvider.PostgreSql && values.LineOf("membership.connection") == 0)
        {
            Error("membership.connection", "missing; provider \"postgresql\" needs one, for example \"Host=db;Database=lattice;Username=lattice;Password=...\".");
        }

        if (settings.Membership.Provider == MembershipProvider.Sqlite && settings.Cluster.Peers.FirstOrDefault(p => !IsLocal(p.Address)) is { } remote)
        {
            Error("membership.provider", $"\"sqlite\" is a file that only the nodes of one host can share, and node {remote.Id} ({remote.Address}) is not on this host. Use provider = \"postgresql\".");
        }
    }

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
        IPAddress.IsLoopback(ip) || NetworkInterface.GetAllNetworkInterfaces().Any(i => i.GetIPProperties().UnicastAddresses.Any(a => a.Address.Equals(ip)));
}
