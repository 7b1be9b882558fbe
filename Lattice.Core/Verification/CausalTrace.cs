namespace Lattice.Core.Verification;

/// <summary>
/// What happened on this node lately, numbered by its <see cref="LamportClock"/>, so that the traces of several nodes join into one story
/// (<see cref="CausalStory"/>). Always on: an event costs some tens of nanoseconds and no memory. Any thread.
/// </summary>
/// <remarks>What happens with every batch has places of its own: a busy node must not lose sight of the election that made its leader because of the writes since.</remarks>
public sealed class CausalTrace
{
    /// <summary>Places for events that come with every batch.</summary>
    public const int DefaultCapacity = 16_384;

    // Places for everything else, as a part of those.
    private const int RareShare = 4;

    private readonly TimeProvider time;
    private readonly TraceRing frequent;
    private readonly TraceRing rare;

    /// <summary>An empty trace.</summary>
    /// <param name="node">The node's id.</param>
    /// <param name="clock">The node's logical clock.</param>
    /// <param name="time">The node's clock.</param>
    /// <param name="capacity">Places for frequent events, a power of two from 8; there are a quarter as many for the others.</param>
    public CausalTrace(int node, LamportClock clock, TimeProvider time, int capacity = DefaultCapacity)
    {
        ArgumentNullException.ThrowIfNull(clock);
        ArgumentNullException.ThrowIfNull(time);
        (Node, Clock, this.time) = (node, clock, time);
        frequent = new TraceRing(capacity);
        rare = new TraceRing(capacity / RareShare);
    }

    /// <summary>The node's id.</summary>
    public int Node { get; }

    /// <summary>The node's logical clock.</summary>
    public LamportClock Clock { get; }

    /// <summary>Events recorded since the start, whether they are still here or not.</summary>
    public long Recorded => frequent.Written + rare.Written;

    /// <summary>Records an event; <see cref="TraceKind"/> says what the fields mean.</summary>
    public void Record(TraceKind kind, uint group, ulong term = 0, ulong index = 0, int peer = 0, ulong first = 0, ulong second = 0)
    {
        var happened = new TraceEvent(Clock.Tick(), time.GetUtcNow().UtcTicks, Node, group, kind, peer, term, index, first, second);
        (IsFrequent(kind) ? frequent : rare).Write(happened);
    }

    /// <summary>The newest events, oldest first.</summary>
    /// <param name="group">Only this group's, with those of the whole node; null: all.</param>
    /// <param name="newest">How many at most.</param>
    public IReadOnlyList<TraceEvent> Read(uint? group = null, int newest = int.MaxValue)
    {
        var events = new List<TraceEvent>();
        frequent.CopyTo(events, group);
        rare.CopyTo(events, group);
        return CausalStory.Join([events], newest).Events;
    }

    private static bool IsFrequent(TraceKind kind) => kind is
        TraceKind.Appended or TraceKind.AppendReceived or TraceKind.CommitAdvanced or TraceKind.Applied or TraceKind.DigestAgreed or TraceKind.ProposalRefused;
}
