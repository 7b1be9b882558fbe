namespace Lattice.Simulation.Clients;

/// <summary>A cluster as its clients see it.</summary>
internal interface ICluster
{
    /// <summary>Nodes that a client may call, running or not.</summary>
    IReadOnlyList<int> Gateways { get; }

    /// <summary>Group that holds the slot.</summary>
    uint GroupOf(int slot);

    /// <summary>Calls a node. The reply comes later, at most once, and perhaps never.</summary>
    void Call(int node, CallKind kind, uint group, ReadOnlyMemory<byte> payload, Action<Reply> reply);
}

/// <summary>What a client asks of a node.</summary>
internal enum CallKind
{
    /// <summary>A write batch.</summary>
    Write,

    /// <summary>A query batch that has to see every write acknowledged before.</summary>
    LinearizableQuery,

    /// <summary>A query batch that may be answered from whatever the node has.</summary>
    LocalQuery,
}

/// <summary>How a call ended.</summary>
internal enum ReplyStatus
{
    /// <summary>The payload holds the result.</summary>
    Ok,

    /// <summary>Nothing was done: this node does not lead the group.</summary>
    NotLeader,

    /// <summary>Nothing was done: try again later.</summary>
    Unavailable,

    /// <summary>Nothing was done: too much to do.</summary>
    Overloaded,

    /// <summary>Nothing was done: no room on the disk.</summary>
    DiskFull,

    /// <summary>It may have been done, or may be done later.</summary>
    Unknown,
}

/// <summary>A node's answer; <paramref name="Leader"/> is the group's leader as far as the node knows, else 0.</summary>
internal readonly record struct Reply(ReplyStatus Status, ReadOnlyMemory<byte> Payload = default, int Leader = 0);
