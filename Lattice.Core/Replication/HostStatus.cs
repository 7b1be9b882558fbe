using Lattice.Core.Log;
using Lattice.Core.Upgrade;

namespace Lattice.Core.Replication;

/// <summary>How a node's replicas stand. Immutable.</summary>
public sealed record HostStatus
{
    /// <summary>Who the node is.</summary>
    public required NodeIdentity Identity { get; init; }

    /// <summary>The cluster as the system group has it.</summary>
    public required SystemCatalog Catalog { get; init; }

    /// <summary>Feature level at which the node works.</summary>
    public int Level { get; init; }

    /// <summary>What the system group says about the feature level.</summary>
    public ClusterLevel ClusterLevel { get; init; } = ClusterLevel.Unset;

    /// <summary>The replicas, in order of group.</summary>
    public required IReadOnlyList<ReplicaStatus> Replicas { get; init; }

    /// <summary>Segments of the log.</summary>
    public int LogSegments { get; init; }

    /// <summary>What was found in the log at the start.</summary>
    public required LogRecovery Recovery { get; init; }

    /// <summary>Bytes written to the log since the start.</summary>
    public long LoggedBytes { get; init; }

    /// <summary>Flushes of the log since the start.</summary>
    public long Flushes { get; init; }

    /// <summary>Time that those flushes spent in <c>fdatasync</c>.</summary>
    public TimeSpan SyncTime { get; init; }

    /// <summary>Frames of peers that were dropped since the start: damaged, or of another version.</summary>
    public long DroppedFrames { get; init; }

    /// <summary>Whether writes are refused because the node's volume has no room.</summary>
    public bool DiskFull { get; init; }

    /// <summary>What is free on that volume.</summary>
    public required DiskRoom Room { get; init; }
}
