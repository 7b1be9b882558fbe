namespace Lattice.Core.Verification;

/// <summary>One event in the life of a node; <see cref="TraceKind"/> says what the fields hold.</summary>
/// <param name="Lamport">Its number by the node's <see cref="LamportClock"/>; no other event of the node has it.</param>
/// <param name="UtcTicks">When, by the node's clock, in ticks of <see cref="DateTime"/>, UTC. For people: clocks of nodes differ.</param>
/// <param name="Node">The node.</param>
/// <param name="Group">The group; <see cref="NodeLevel"/> when it concerns all.</param>
/// <param name="Kind">What happened.</param>
/// <param name="Peer">The other node concerned; 0: none.</param>
/// <param name="Term">Raft term.</param>
/// <param name="Index">Index in the group's log.</param>
/// <param name="First">A detail.</param>
/// <param name="Second">Another detail.</param>
public readonly record struct TraceEvent(
    ulong Lamport,
    long UtcTicks,
    int Node,
    uint Group,
    TraceKind Kind,
    int Peer,
    ulong Term,
    ulong Index,
    ulong First,
    ulong Second)
{
    /// <summary>The group of what concerns the node as a whole.</summary>
    public const uint NodeLevel = uint.MaxValue;

    /// <summary>When it happened by the node's clock.</summary>
    public DateTimeOffset Time => new(UtcTicks, TimeSpan.Zero);

    /// <summary>Whether it is part of what happened in a group: its own events and those of the whole node; null: in any.</summary>
    public bool Concerns(uint? group) => group is null || Group == group || Group == NodeLevel;
}
