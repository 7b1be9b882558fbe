using Lattice.Core.Verification;

namespace Lattice.Grains;

/// <summary>What a node recorded, as it travels between nodes.</summary>
[GenerateSerializer, Immutable, Alias("lattice.node-trace")]
public sealed record NodeTrace
{
    /// <summary>The node.</summary>
    [Id(0)] public required int Node { get; init; }

    /// <summary>Events recorded since its start, most of which are forgotten.</summary>
    [Id(1)] public long Recorded { get; init; }

    /// <summary>The events that were asked for, oldest first.</summary>
    [Id(2)] public required IReadOnlyList<TracedEvent> Events { get; init; }

    /// <summary>From the core's form.</summary>
    public static NodeTrace Of(int node, long recorded, IReadOnlyList<TraceEvent> events) =>
        new() { Node = node, Recorded = recorded, Events = [.. events.Select(TracedEvent.Of)] };

    /// <summary>In the core's form, to be joined with others.</summary>
    public IReadOnlyList<TraceEvent> ToEvents() => [.. Events.Select(e => e.ToEvent(Node))];
}

/// <summary>A <see cref="TraceEvent"/> of a known node. A kind of a newer version stays a number.</summary>
[GenerateSerializer, Immutable, Alias("lattice.traced-event")]
public readonly record struct TracedEvent(
    [property: Id(0)] ulong Lamport,
    [property: Id(1)] long UtcTicks,
    [property: Id(2)] uint Group,
    [property: Id(3)] byte Kind,
    [property: Id(4)] int Peer,
    [property: Id(5)] ulong Term,
    [property: Id(6)] ulong Index,
    [property: Id(7)] ulong First,
    [property: Id(8)] ulong Second)
{
    internal static TracedEvent Of(TraceEvent e) => new(e.Lamport, e.UtcTicks, e.Group, (byte)e.Kind, e.Peer, e.Term, e.Index, e.First, e.Second);

    internal TraceEvent ToEvent(int node) => new(Lamport, UtcTicks, node, Group, (TraceKind)Kind, Peer, Term, Index, First, Second);
}
