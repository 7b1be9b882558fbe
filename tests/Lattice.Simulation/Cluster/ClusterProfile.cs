using Lattice.Core.Log;
using Lattice.Core.Replication;
using Lattice.Simulation.Network;
using Lattice.Simulation.Runtime;

namespace Lattice.Simulation.Cluster;

/// <summary>What a cluster is like: its size, its settings, its hardware. Every seed draws its own, so that seeds differ in kind and not only in chance.</summary>
internal sealed record ClusterProfile
{
    /// <summary>Nodes that found the cluster.</summary>
    public required int Nodes { get; init; }

    /// <summary>Data groups.</summary>
    public required int Shards { get; init; }

    public required ReplicaSettings Replica { get; init; }

    public required LogOptions Log { get; init; }

    /// <summary>Entries that compaction leaves.</summary>
    public required int SnapshotInterval { get; init; }

    /// <summary>Microseconds between two checkpoints.</summary>
    public required long CheckpointInterval { get; init; }

    public required int CacheSize { get; init; }

    /// <summary>Bytes that have to be free for writes to be taken.</summary>
    public required long ReserveBytes { get; init; }

    public required LinkQuality Network { get; init; }

    /// <summary>Mean time of a sync, in microseconds.</summary>
    public required long SyncTime { get; init; }

    /// <summary>Most that a machine's calendar is wrong, in either direction.</summary>
    public required TimeSpan ClockSkew { get; init; }

    public static ClusterProfile Draw(SeededRandom random, int? nodes)
    {
        bool reorders = random.Chance(0.7);
        return new ClusterProfile
        {
            Nodes = nodes ?? random.Pick([3, 3, 3, 3, 5, 5, 4, 2, 1]),
            Shards = random.Between(1, 3),
            Replica = new ReplicaSettings
            {
                BatchSize = random.Pick([1, 4, 100]),
                BatchTimeout = TimeSpan.FromMilliseconds(random.Pick([0, 2, 10])),
                MaxEntriesPerAppend = random.Pick([1, 3, 100]),
                ElectionTicks = random.Pick([5, 10]),
                LeaseReads = random.Chance(0.2),
                SnapshotWindow = random.Between(1, 4),
                MaxWaitingWrites = random.Pick([8, 8192]),
                MaxWaitingQueries = random.Pick([8, 8192]),
            },
            Log = new LogOptions
            {
                SegmentBytes = random.Pick([4096L, 16_384L, 65_536L]),
                EntryCacheBytes = random.Pick([0L, 4_096L, 1L << 20]),
                NewLogId = random.NextUInt64(),
            },
            SnapshotInterval = random.Pick([5, 50, 500]),
            CheckpointInterval = random.Pick([300L, 1_000L, 5_000L]) * VirtualClock.Millisecond,
            CacheSize = random.Pick([3, 1_000]),
            Network = new LinkQuality
            {
                MinimumDelay = random.Pick([30L, 200L, 2_000L]),
                MeanJitter = random.Pick([20L, 300L, 5_000L]),
                Loss = random.Pick([0.0, 0.0, 0.01, 0.05]),
                Duplication = random.Pick([0.0, 0.02]),
                Damage = random.Pick([0.0, 0.0, 0.001]),

                // One late message on a link that keeps the order holds up all behind it: such a network serves nobody.
                Straggling = reorders ? random.Pick([0.0, 0.01, 0.1]) : 0,
                Reorders = reorders,
                Bandwidth = random.Pick([2_000_000L, 100_000_000L]),
            },
            SyncTime = random.Pick([100L, 500L, 5_000L]),
            ClockSkew = TimeSpan.FromMilliseconds(random.Pick([0, 50, 2_000])),
            ReserveBytes = random.Pick([0L, 0L, 2_000L, 20_000L]),
        };
    }
}
