using System.Globalization;
using System.Net;

namespace Lattice.Bench.Peers.DotNextRaft;

/// <summary>The ports of all nodes on 127.0.0.1. Nodes are counted from 1.</summary>
/// <param name="Raft">Where they listen to each other.</param>
/// <param name="Clients">Where they listen to clients.</param>
internal sealed record NodePorts(IReadOnlyList<int> Raft, IReadOnlyList<int> Clients)
{
    /// <summary>Nodes.</summary>
    public int Nodes => Raft.Count;

    /// <summary>Free ports for so many nodes.</summary>
    public static NodePorts Free(int nodes) => Halves(LocalProcesses.FreePorts(2 * nodes));

    /// <summary>What <see cref="ToString"/> wrote.</summary>
    public static NodePorts Parse(string text) => Halves([.. text.Split(',').Select(port => int.Parse(port, CultureInfo.InvariantCulture))]);

    /// <summary>Where a node listens to the others.</summary>
    public IPEndPoint RaftAddress(int node) => new(IPAddress.Loopback, Raft[node - 1]);

    /// <summary>Where a node listens to clients.</summary>
    public IPEndPoint ClientAddress(int node) => new(IPAddress.Loopback, Clients[node - 1]);

    /// <summary>The node that listens to the others on this port, or 0.</summary>
    public int NodeOfRaftPort(int port) => Raft.ToList().IndexOf(port) + 1;

    /// <inheritdoc/>
    public override string ToString() => string.Join(',', Raft.Concat(Clients).Select(port => port.ToString(CultureInfo.InvariantCulture)));

    private static NodePorts Halves(int[] ports) => new(ports[..(ports.Length / 2)], ports[(ports.Length / 2)..]);
}
