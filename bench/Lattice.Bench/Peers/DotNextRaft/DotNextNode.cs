using System.Net;
using DotNext.Net.Cluster.Consensus.Raft;
using DotNext.Net.Cluster.Consensus.Raft.Membership;
using DotNext.Net.Cluster.Consensus.Raft.StateMachine;

namespace Lattice.Bench.Peers.DotNextRaft;

/// <summary>The process of one node.</summary>
internal static class DotNextNode
{
    // A multiple of Linux' huge pages, which the log uses then; large values need no new file every few entries.
    private const int ChunkBytes = 4 << 20;

    // etcd's defaults: a heartbeat every 100 ms, an election after 1 to 2 s without one.
    private const int LeastElectionMs = 1000;
    private const int MostElectionMs = 2 * LeastElectionMs;
    private const double HeartbeatShare = 0.1;

    // The library's documentation: ConnectTimeout < RequestTimeout < LowerElectionTimeout.
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromMilliseconds(900);
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromMilliseconds(100);

    /// <summary>Runs until the process is ended.</summary>
    /// <param name="node">The node, from 1.</param>
    /// <param name="synced">Whether followers write to disk before they acknowledge.</param>
    /// <param name="folder">Where the log and the snapshots are.</param>
    /// <param name="ports">The ports of all nodes.</param>
    /// <param name="cancellation">Ends it.</param>
    public static async Task RunAsync(int node, bool synced, string folder, NodePorts ports, CancellationToken cancellation)
    {
        var records = new RecordStateMachine(new DirectoryInfo(Path.Combine(folder, "snapshots")));
        await using var closingRecords = records.ConfigureAwait(false);

        // Before the log is opened: it reads from there how far the snapshot goes.
        await records.RestoreAsync(cancellation).ConfigureAwait(false);
        var options = new WriteAheadLog.Options
        {
            Location = Path.Combine(folder, "log"),
            MemoryManagement = WriteAheadLog.MemoryManagementStrategy.PrivateMemory,
            ChunkSize = ChunkBytes,
        };
        WriteAheadLog log = synced ? new SyncedLog(options, records) : new WriteAheadLog(options, records);
        await using var closingLog = log.ConfigureAwait(false);
        var cluster = new RaftCluster(Configuration(node, ports)) { AuditTrail = log };
        await using var closingCluster = cluster.ConfigureAwait(false);
        await cluster.StartAsync(cancellation).ConfigureAwait(false);
        await new RequestServer(cluster, log, records, ports).RunAsync(ports.ClientAddress(node).Port, cancellation).ConfigureAwait(false);
    }

    private static RaftCluster.TcpConfiguration Configuration(int node, NodePorts ports)
    {
        var configuration = new RaftCluster.TcpConfiguration(ports.RaftAddress(node))
        {
            // In memory; with a fixed list of members none of the nodes makes a cold start.
            ConfigurationStorage = null,
            ColdStart = false,
            LowerElectionTimeout = LeastElectionMs,
            UpperElectionTimeout = MostElectionMs,
            HeartbeatThreshold = HeartbeatShare,
            RequestTimeout = RequestTimeout,
            ConnectTimeout = ConnectTimeout,
        };
        var members = ((InMemoryClusterConfigurationStorage<EndPoint>)configuration.ConfigurationStorage!).CreateInitialConfigurationBuilder();
        for (int member = 1; member <= ports.Nodes; member++)
        {
            members.Add(ports.RaftAddress(member));
        }

        members.Build();
        return configuration;
    }
}
