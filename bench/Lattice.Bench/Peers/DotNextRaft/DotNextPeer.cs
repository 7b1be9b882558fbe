using System.Globalization;
using System.Net.Sockets;

namespace Lattice.Bench.Peers.DotNextRaft;

/// <summary>Three local processes of this program, each with a node of the Raft implementation of the package DotNext.Net.Cluster.</summary>
internal sealed class DotNextPeer(string name, string folder) : IReplicatedPeer
{
    /// <summary>The library's log as it comes.</summary>
    public const string AsItComes = "dotnext";

    /// <summary>The library's log, with followers that write to disk before they acknowledge.</summary>
    public const string Synced = "dotnext-synced";

    private const int Nodes = 3;

    private readonly LocalProcesses processes = new();
    private readonly NodePorts ports = NodePorts.Free(Nodes);

    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public string Description => "3 replicas, DotNext.Net.Cluster with WriteAheadLog (PrivateMemory, 4 MiB chunks, FlushOnCommit, which is always on): an entry is written through to the leader's disk before it is acknowledged to the client; "
        + (name == Synced
            ? "followers, too, flush before they acknowledge it (FlushAsync after each append, which the library by itself does not)"
            : "followers acknowledge it from memory and write it to disk at the same time, the library has no setting that waits")
        + "; linearizable reads (ApplyReadBarrierAsync); values in memory, one connection to the leader with a protocol of this benchmark";

    /// <inheritdoc/>
    public string Address => ports.ToString();

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellation)
    {
        for (int node = 1; node <= Nodes; node++)
        {
            StartNode(node);
        }

        var client = new DotNextStoreClient(ports);
        await using (client.ConfigureAwait(false))
        {
            await Patience.UntilAsync($"The first write to {name}", async () =>
            {
                await client.WriteAsync("ready"u8.ToArray(), "yes"u8.ToArray(), cancellation).ConfigureAwait(false);
                return "";
            }, cancellation).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public async Task<int> KillLeaderAsync(CancellationToken cancellation)
    {
        (int leader, _) = await LeaderAsync(cancellation).ConfigureAwait(false) ?? throw new InvalidOperationException($"No node of {name} says that it leads.");
        await processes.KillAsync(leader).ConfigureAwait(false);
        return leader;
    }

    /// <inheritdoc/>
    public async Task RestartAsync(int node, CancellationToken cancellation)
    {
        StartNode(node);
        await Patience.UntilAsync($"Node {node} of {name}", async () =>
            await LeaderAsync(cancellation).ConfigureAwait(false) is var (_, leader) && (await StatusAsync(node, cancellation).ConfigureAwait(false)).Applied >= leader.Applied ? "" : null, cancellation).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => processes.DisposeAsync();

    private void StartNode(int node)
    {
        string number = node.ToString(CultureInfo.InvariantCulture);
        processes.Start(node, OwnProcess.Start("dotnext", number, name, Path.Combine(folder, number), ports.ToString()), "");
    }

    private async Task<(int Node, NodeStatus Status)?> LeaderAsync(CancellationToken cancellation)
    {
        for (int node = 1; node <= Nodes; node++)
        {
            try
            {
                NodeStatus status = await StatusAsync(node, cancellation).ConfigureAwait(false);
                if (status.Leads)
                {
                    return (node, status);
                }
            }
            catch (Exception e) when (e is IOException or SocketException)
            {
                // It does not run, so it does not lead.
            }
        }

        return null;
    }

    private async Task<NodeStatus> StatusAsync(int node, CancellationToken cancellation)
    {
        NodeConnection connection = await NodeConnection.ConnectAsync(ports.ClientAddress(node), cancellation).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            return await connection.StatusAsync(cancellation).ConfigureAwait(false);
        }
    }
}
