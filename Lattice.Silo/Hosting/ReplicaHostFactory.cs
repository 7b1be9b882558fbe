using Lattice.Core.Disk;
using Lattice.Core.Log;
using Lattice.Core.Replication;
using Lattice.Core.State;
using Lattice.Core.Verification;
using Lattice.Silo.Configuration;
using Microsoft.Extensions.Logging;

namespace Lattice.Silo.Hosting;

/// <summary>What the settings mean for the replicas of a node.</summary>
internal static class ReplicaHostFactory
{
    private const int SmallestMaxEntryBytes = 4 << 20;

    /// <summary>Opens the node's state and replicas.</summary>
    public static NodeStorage Open(NodeSettings settings, IReplicaTransport transport, LamportClock lamport, ILoggerFactory loggers)
    {
        string data = settings.Storage.DataDirectory;
        ReplicaHostOptions options = Options(settings);
        var disk = new PhysicalDisk();
        disk.CreateDirectory(data);
        DivergenceMark.ThrowIfStanding(settings);
        DataDirectoryLock held = DataDirectoryLock.Acquire(data);
        var engine = new Lazy<IStateEngine>(() => RocksDbEngine.Open(Path.Combine(data, "state"), new RocksDbOptions()));
        try
        {
            var devices = new ReplicaHostDevices(disk, engine, TimeProvider.System, Random.Shared, transport, loggers.CreateLogger("Lattice.Replicas"), lamport);
            ReplicaHost host = ReplicaHost.Open(options, devices);
            return new NodeStorage(held, engine.Value, host);
        }
        catch
        {
            if (engine.IsValueCreated)
            {
                engine.Value.Dispose();
            }

            held.Dispose();
            throw;
        }
    }

    private static ReplicaHostOptions Options(NodeSettings settings) => new()
    {
        WorkerThreads = settings.Performance.WorkerThreads,
        ScrubBytesPerSecond = settings.Verification.Enabled ? settings.Verification.ScrubBytesPerSecond : 0,
        Node = new NodeCoreOptions
        {
            DataDirectory = settings.Storage.DataDirectory,
            Node = settings.Node,
            Peers = [.. settings.Cluster.Peers.Select(p => p.Id)],
            ClusterName = settings.Cluster.Name,
            Shards = settings.Cluster.Shards,
            FinalizeAfter = settings.Cluster.FinalizeUpgradeAfter,
            CacheSize = settings.Performance.CacheSize,
            SnapshotInterval = settings.Storage.SnapshotInterval,
            KeepSnapshots = settings.Storage.KeepSnapshots,
            ReserveBytes = settings.Storage.ReserveBytes,
            CheckStateAtBoot = settings.Verification.CheckStateAtBoot,
            Log = new LogOptions { SegmentBytes = settings.Storage.MaxSegmentBytes, SyncOnWrite = settings.Storage.SyncOnWrite },
            Limits = new StateLimits
            {
                MaxKeyBytes = settings.Limits.MaxKeyBytes,
                MaxValueBytes = settings.Limits.MaxValueBytes,
                MaxTransactionOperations = settings.Limits.MaxTransactionOperations,
                MaxScanRecords = settings.Limits.MaxScanRecords,
                MaxScanBytes = settings.Limits.MaxScanBytes,
            },
            Replica = new ReplicaSettings
            {
                BatchSize = settings.Performance.BatchSize,
                BatchTimeout = settings.Performance.BatchTimeout,
                MaxEntryBytes = Math.Max(SmallestMaxEntryBytes, 2 * settings.Limits.MaxValueBytes),
                MaxEntriesPerAppend = settings.Consensus.MaxEntriesPerAppend,
                TickInterval = settings.Consensus.Heartbeat,
                ElectionTicks = (int)Math.Ceiling(settings.Consensus.ElectionTimeout / settings.Consensus.Heartbeat),
                LeaseReads = settings.Consensus.LeaseReads,
                Verify = settings.Verification.Enabled,
            },
        },
    };
}

/// <summary>What a node has open on its disk.</summary>
internal sealed record NodeStorage(DataDirectoryLock Lock, IStateEngine Engine, ReplicaHost Host) : IAsyncDisposable
{
    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync().ConfigureAwait(false);
        Engine.Dispose();
        Lock.Dispose();
    }
}
