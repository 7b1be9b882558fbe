namespace Lattice.Core.Replication;

/// <summary>How a request to a replica ended.</summary>
public enum OutcomeKind : byte
{
    /// <summary>Done; the result is attached.</summary>
    Done = 0,

    /// <summary>Nothing was done: another replica leads, or none is known to.</summary>
    NotLeader = 1,

    /// <summary>Nothing was done: the replica's queues are full.</summary>
    Overloaded = 2,

    /// <summary>Unknown: leadership was lost while the write was under way. It may or may not be executed later.</summary>
    Unknown = 3,

    /// <summary>Nothing was done: the volume of the log is full.</summary>
    DiskFull = 4,

    /// <summary>Nothing was done: this node has no replica of the group.</summary>
    NoSuchGroup = 5,

    /// <summary>Nothing was done: the request is too large or cannot be understood.</summary>
    Malformed = 6,

    /// <summary>Nothing was done: the node is stopping.</summary>
    ShuttingDown = 7,

    /// <summary>Nothing was done: the replicas of the group differ, and no majority says which of them is right.</summary>
    Diverged = 8,
}

/// <summary>How a request to a replica ended, with its result.</summary>
/// <param name="Kind">How.</param>
/// <param name="Result">The encoded result when <see cref="OutcomeKind.Done"/>.</param>
/// <param name="Leader">Node that leads the group as far as known; 0: none.</param>
public readonly record struct Outcome(OutcomeKind Kind, ReadOnlyMemory<byte> Result, int Leader)
{
    /// <summary>An outcome without a result.</summary>
    public static Outcome Failed(OutcomeKind kind, int leader = 0) => new(kind, default, leader);
}
