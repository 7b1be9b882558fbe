using Lattice.Core.Consensus;

namespace Lattice.Core.Replication;

/// <summary>How the replicas of a node work. Immutable.</summary>
public sealed record ReplicaSettings
{
    /// <summary>Most write batches in one entry of the log (<c>batch_size</c>).</summary>
    public int BatchSize { get; init; } = 100;

    /// <summary>Longest that a write waits for company while an earlier entry is being made durable (<c>batch_timeout_ms</c>).</summary>
    public TimeSpan BatchTimeout { get; init; } = TimeSpan.FromMilliseconds(2);

    /// <summary>Largest entry, in bytes of write batches; a single batch may not exceed it.</summary>
    public int MaxEntryBytes { get; init; } = 4 << 20;

    /// <summary>Write batches that may wait in a replica before new ones are refused.</summary>
    public int MaxWaitingWrites { get; init; } = 8192;

    /// <summary>Bytes of write batches that may wait in a replica before new ones are refused.</summary>
    public long MaxWaitingWriteBytes { get; init; } = 64 << 20;

    /// <summary>Query batches that may wait in a replica before new ones are refused.</summary>
    public int MaxWaitingQueries { get; init; } = 8192;

    /// <summary>Messages from peers that may wait in a replica; what comes above is dropped, and Raft sends it again.</summary>
    public int MaxWaitingMessages { get; init; } = 16384;

    /// <summary>Time of one Raft tick, which is also the heartbeat interval (<c>heartbeat_ms</c>).</summary>
    public TimeSpan TickInterval { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Ticks of the shortest election timeout (<c>election_timeout_ms</c> over <c>heartbeat_ms</c>).</summary>
    public int ElectionTicks { get; init; } = 10;

    /// <summary>Most entries in one append (<c>max_entries_per_append</c>).</summary>
    public int MaxEntriesPerAppend { get; init; } = 100;

    /// <summary>Whether a leader answers reads from its lease (<c>read_mode = "lease"</c>).</summary>
    public bool LeaseReads { get; init; }

    /// <summary>Chunks of a snapshot stream that may be under way to one follower.</summary>
    public int SnapshotWindow { get; init; } = 4;

    /// <summary>Ticks without progress after which a snapshot stream is given up and begun anew.</summary>
    public int SnapshotPatienceTicks { get; init; } = 200;

    /// <summary>
    /// Whether what entries do is checked against the reference model and against the other replicas before it is committed (<c>[verification] enabled</c>).
    /// </summary>
    public bool Verify { get; init; } = true;

    internal RaftOptions Raft(int node, ulong incarnation, Random random) => new()
    {
        Node = node,
        Incarnation = incarnation,
        ElectionTicks = ElectionTicks,
        HeartbeatTicks = 1,
        MaxEntriesPerAppend = MaxEntriesPerAppend,
        LeaseReads = LeaseReads,
        Random = random,
    };
}
