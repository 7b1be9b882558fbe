using System.Net;
using System.Net.Sockets;
using Lattice.Silo.Configuration;

namespace Lattice.Cli.Dev;

/// <summary>The ports of a local cluster: the usual ones if all are free, else any free ones.</summary>
/// <param name="Peers">Nodes with silo and gateway ports.</param>
/// <param name="Metrics">Address of each node's health endpoint.</param>
internal sealed record PortPlan(IReadOnlyList<PeerSettings> Peers, IReadOnlyDictionary<int, string> Metrics)
{
    private const string Host = "127.0.0.1";
    private const int FirstSilo = 5001;
    private const int FirstMetrics = 9001;

    /// <summary>Usual ports if they are free and wanted, else free ones.</summary>
    public static PortPlan For(int nodes, bool usual)
    {
        PortPlan plan = Usual(nodes);
        return usual && plan.IsFree() ? plan : Free(nodes);
    }

    private static PortPlan Usual(int nodes) => new(
        [.. Enumerable.Range(0, nodes).Select(i => PeerSettings.WithDefaultGateway(i + 1, $"{Host}:{FirstSilo + i}"))],
        Enumerable.Range(0, nodes).ToDictionary(i => i + 1, i => $"{Host}:{FirstMetrics + i}"));

    private static PortPlan Free(int nodes)
    {
        var listeners = new List<TcpListener>();
        try
        {
            for (int i = 0; i < 3 * nodes; i++)
            {
                var listener = new TcpListener(IPAddress.Loopback, 0);
                listener.Start();
                listeners.Add(listener);
            }

            string[] addresses = [.. listeners.Select(l => $"{Host}:{((IPEndPoint)l.LocalEndpoint).Port}")];
            return new PortPlan(
                [.. Enumerable.Range(0, nodes).Select(i => new PeerSettings(i + 1, addresses[3 * i], addresses[(3 * i) + 1]))],
                Enumerable.Range(0, nodes).ToDictionary(i => i + 1, i => addresses[(3 * i) + 2]));
        }
        finally
        {
            listeners.ForEach(l => l.Dispose());
        }
    }

    private bool IsFree() => Peers.SelectMany(p => (string[])[p.Address, p.Gateway]).Concat(Metrics.Values).All(IsFree);

    private static bool IsFree(string address)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, HostPort.Parse(address).Port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
