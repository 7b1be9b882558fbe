using Lattice.Core.Log;
using Lattice.Core.State;
using Lattice.Core.Upgrade;
using Lattice.Core.Verification;

namespace Lattice.Core.Replication;

/// <summary>What a node's replicas are to be. Immutable.</summary>
public sealed record NodeCoreOptions
{
    /// <summary>The node's data directory: <c>identity</c>, <c>wal/</c>, <c>snapshots/</c> lie in it.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>Node id.</summary>
    public required int Node { get; init; }

    /// <summary>Ids of all nodes in the configuration file, this one included: those that may found the cluster or join it.</summary>
    public required IReadOnlyList<int> Peers { get; init; }

    /// <summary>The cluster's name.</summary>
    public string ClusterName { get; init; } = "lattice";

    /// <summary>Data groups of a cluster that is founded (<c>[cluster] shards</c>); later it is the catalogue that counts.</summary>
    public int Shards { get; init; } = 4;

    /// <summary>How replicas work.</summary>
    public ReplicaSettings Replica { get; init; } = new();

    /// <summary>The log.</summary>
    public LogOptions Log { get; init; } = new();

    /// <summary>Limits of commands and queries in a cluster that is founded; later it is the catalogue that counts.</summary>
    public StateLimits Limits { get; init; } = new();

    /// <summary>Records that the node's cache holds (<c>cache_size</c>).</summary>
    public int CacheSize { get; init; } = 10_000;

    /// <summary>Entries of each group that compaction leaves, and after which a checkpoint is due (<c>snapshot_interval</c>).</summary>
    public int SnapshotInterval { get; init; } = 10_000;

    /// <summary>Snapshot files that are kept (<c>keep_snapshots</c>).</summary>
    public int KeepSnapshots { get; init; } = 5;

    /// <summary>Bytes that have to be free on the data directory's volume for writes to be taken (<c>reserve_mb</c>); 0: none.</summary>
    public long ReserveBytes { get; init; }

    /// <summary>
    /// Whether the whole state is read and checked against its digests before the node serves (<c>[verification] boot_check</c>). Otherwise each record is checked
    /// when it is first read, and the whole in the background.
    /// </summary>
    public bool CheckStateAtBoot { get; init; } = true;

    /// <summary>
    /// Segments of the log above which a group is compacted as far as its state is durable, whatever <see cref="SnapshotInterval"/>
    /// says: an idle group must not keep the log of the busy ones.
    /// </summary>
    public int MaxSegments { get; init; } = 8;

    /// <summary>Feature levels that the binary knows; others than its own only in simulations.</summary>
    public LevelRange Levels { get; init; } = FeatureLevels.OfThisBinary;

    /// <summary>How long all members have to have run a newer version before its feature level is the cluster's by itself; zero: only when an operator says so.</summary>
    public TimeSpan FinalizeAfter { get; init; } = TimeSpan.FromDays(1);

    /// <summary>Events that come with every batch that the node remembers, a power of two; a quarter as many of all others.</summary>
    public int TraceCapacity { get; init; } = CausalTrace.DefaultCapacity;
}
