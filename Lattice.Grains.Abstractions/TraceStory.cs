namespace Lattice.Grains;

/// <summary>
/// What happened on one or several nodes lately, in an order in which each event comes after everything that could have caused it: by Lamport time, then
/// by node.
/// </summary>
[GenerateSerializer, Immutable, Alias("lattice.trace-story")]
public sealed record TraceStory
{
    /// <summary>The cluster's name.</summary>
    [Id(0)] public required string Name { get; init; }

    /// <summary>The nodes that were asked, in order of id.</summary>
    [Id(1)] public required IReadOnlyList<TracedNode> Nodes { get; init; }

    /// <summary>The newest events, oldest first.</summary>
    [Id(2)] public required IReadOnlyList<TraceLine> Events { get; init; }
}

/// <summary>A node that was asked for its trace.</summary>
/// <param name="Node">Node id.</param>
/// <param name="Reachable">Whether it answered.</param>
/// <param name="Recorded">Events that it has recorded since its start; it keeps the latest.</param>
[GenerateSerializer, Immutable, Alias("lattice.traced-node")]
public readonly record struct TracedNode([property: Id(0)] int Node, [property: Id(1)] bool Reachable, [property: Id(2)] long Recorded);

/// <summary>One event.</summary>
[GenerateSerializer, Immutable, Alias("lattice.trace-line")]
public sealed record TraceLine
{
    /// <summary>Lamport time: an event that could have caused another one has the lower number.</summary>
    [Id(0)] public required ulong Lamport { get; init; }

    /// <summary>When, by the node's clock.</summary>
    [Id(1)] public required DateTimeOffset Time { get; init; }

    /// <summary>The node on which it happened.</summary>
    [Id(2)] public required int Node { get; init; }

    /// <summary>The group; null when it concerns the whole node.</summary>
    [Id(3)] public uint? Group { get; init; }

    /// <summary>What happened, in one word: VoteCast, BecameLeader, Appended, CommitAdvanced, Applied and so on; a number when the node is newer than the one that answers.</summary>
    [Id(4)] public required string Kind { get; init; }

    /// <summary>The other node concerned; 0: none.</summary>
    [Id(5)] public int Peer { get; init; }

    /// <summary>Raft term; 0: none.</summary>
    [Id(6)] public ulong Term { get; init; }

    /// <summary>Index in the group's log; 0: none.</summary>
    [Id(7)] public ulong Index { get; init; }

    /// <summary>What happened, as a sentence whose subject is the node.</summary>
    [Id(8)] public required string Text { get; init; }
}
