using Lattice.Core.Verification;
using Xunit;

namespace Lattice.Core.Tests.Verification;

/// <summary>What a node remembers of what happened, and how stories of several nodes join.</summary>
public sealed class CausalTraceTests
{
    [Fact]
    public void Events_are_read_in_the_order_in_which_they_happened()
    {
        CausalTrace trace = Trace(node: 3);
        trace.Record(TraceKind.VoteCast, group: 1, term: 5, index: 7, peer: 2, first: 4);
        trace.Record(TraceKind.Applied, group: 1, term: 5, index: 8, first: 8);
        trace.Record(TraceKind.Fence, group: 1, index: 8);

        IReadOnlyList<TraceEvent> events = trace.Read();

        Assert.Equal([TraceKind.VoteCast, TraceKind.Applied, TraceKind.Fence], events.Select(e => e.Kind));
        Assert.True(events[0].Lamport < events[1].Lamport && events[1].Lamport < events[2].Lamport);
        Assert.Equal((3, 1u, 2, 5UL, 7UL, 4UL), (events[0].Node, events[0].Group, events[0].Peer, events[0].Term, events[0].Index, events[0].First));
        Assert.Equal(3, trace.Recorded);
    }

    [Fact]
    public void A_full_trace_forgets_its_oldest_events_and_counts_them_still()
    {
        CausalTrace trace = Trace(capacity: 16);
        for (ulong i = 1; i <= 100; i++)
        {
            trace.Record(TraceKind.Applied, group: 1, index: i);
        }

        Assert.Equal(Enumerable.Range(85, 16).Select(i => (ulong)i), trace.Read().Select(e => e.Index));
        Assert.Equal([99UL, 100UL], trace.Read(newest: 2).Select(e => e.Index));
        Assert.Equal(100, trace.Recorded);
    }

    [Fact]
    public void Writes_do_not_displace_the_election_that_made_their_leader()
    {
        CausalTrace trace = Trace(capacity: 16);
        trace.Record(TraceKind.BecameLeader, group: 1, term: 2);
        for (ulong i = 1; i <= 1000; i++)
        {
            trace.Record(TraceKind.Appended, group: 1, index: i);
            trace.Record(TraceKind.CommitAdvanced, group: 1, index: i);
            trace.Record(TraceKind.Applied, group: 1, index: i);
        }

        Assert.Equal(TraceKind.BecameLeader, trace.Read()[0].Kind);
    }

    [Fact]
    public void The_story_of_a_group_has_its_events_and_those_of_the_whole_node()
    {
        CausalTrace trace = Trace();
        trace.Record(TraceKind.Boot, TraceEvent.NodeLevel);
        trace.Record(TraceKind.BecameLeader, group: 1);
        trace.Record(TraceKind.BecameLeader, group: 2);

        Assert.Equal([TraceEvent.NodeLevel, 2u], trace.Read(group: 2).Select(e => e.Group));
    }

    [Fact]
    public void Recording_allocates_nothing()
    {
        CausalTrace trace = Trace();
        trace.Record(TraceKind.Applied, group: 1);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (ulong i = 0; i < 10_000; i++)
        {
            trace.Record(TraceKind.Applied, group: 1, index: i);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public async Task An_event_is_never_read_torn_however_many_write_at_once()
    {
        CausalTrace trace = Trace(capacity: 8);
        using var stop = new CancellationTokenSource();
        Task[] writers = [.. Enumerable.Range(1, 4).Select(writer => Task.Run(() =>
        {
            for (ulong i = 1; !stop.IsCancellationRequested; i++)
            {
                trace.Record(TraceKind.Applied, (uint)writer, term: i, index: i, peer: (int)i, first: i, second: ~i);
            }
        }))];

        for (int read = 0; read < 200_000; read++)
        {
            foreach (TraceEvent e in trace.Read())
            {
                Assert.True(
                    e.Term == e.Index && e.Term == e.First && e.Second == ~e.First && e.Peer == (int)e.First && e.Group is >= 1 and <= 4 && e.Lamport > 0 && e.UtcTicks > 0,
                    $"A torn event: {e}");
            }

            if (trace.Recorded > 2_000_000)
            {
                break;
            }
        }

        await stop.CancelAsync();
        await Task.WhenAll(writers);
        IReadOnlyList<TraceEvent> left = trace.Read();
        Assert.Equal(left.Count, left.Select(e => e.Lamport).Distinct().Count());
    }

    [Fact]
    public void What_a_node_does_after_it_has_heard_of_another_comes_after_what_that_one_did_before()
    {
        var slow = new LamportClock(new FixedTime(new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero)));
        var fast = new LamportClock(new FixedTime(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero)));
        ulong sent = fast.Tick();

        slow.Merge(sent);
        Assert.True(slow.Tick() > sent);

        ulong before = fast.Now;
        fast.Merge(before - 5);
        Assert.Equal(before, fast.Now);
    }

    [Fact]
    public void A_node_that_was_restarted_goes_on_after_its_former_life()
    {
        var time = new FixedTime(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        ulong former = new LamportClock(time).Tick();
        time.Now += TimeSpan.FromSeconds(1);

        Assert.True(new LamportClock(time).Tick() > former);
    }

    [Fact]
    public void Traces_join_by_Lamport_time_then_node_and_end_with_the_newest_event()
    {
        TraceEvent[] first = [At(10, 1), At(12, 1), At(30, 1)];
        TraceEvent[] second = [At(12, 2), At(5, 2)];

        CausalStory story = CausalStory.Join([first, second]);

        Assert.Equal([(5UL, 2), (10UL, 1), (12UL, 1), (12UL, 2), (30UL, 1)], story.Events.Select(e => (e.Lamport, e.Node)));
        Assert.Equal([12UL, 30UL], CausalStory.Join([first, second], newest: 2).Events.Select(e => e.Lamport));
        Assert.Empty(CausalStory.Join([first], newest: 0).Events);
        Assert.Equal(5, story.Lines().Count());
    }

    [Fact]
    public void Every_kind_of_event_has_a_sentence_of_its_own_and_an_unknown_one_is_told_by_its_numbers()
    {
        TraceKind[] kinds = [.. Enum.GetValues<TraceKind>().Where(k => k != TraceKind.None)];
        string[] sentences = [.. kinds.Select(kind => CausalStory.Sentence(At(1, 1) with { Kind = kind, Peer = 2, Term = 3, Index = 4, First = 5, Second = 2 }))];

        Assert.Equal(sentences.Length, sentences.Distinct(StringComparer.Ordinal).Count());
        Assert.DoesNotContain(sentences, s => s.Contains("does not know", StringComparison.Ordinal));
        Assert.Contains("kind 200", CausalStory.Sentence(At(1, 1) with { Kind = (TraceKind)200 }), StringComparison.Ordinal);
    }

    private static TraceEvent At(ulong lamport, int node) => new(lamport, DateTime.UnixEpoch.Ticks, node, 1, TraceKind.Applied, 0, 1, 1, 1, 0);

    private static CausalTrace Trace(int node = 1, int capacity = 64) => new(node, new LamportClock(TimeProvider.System), TimeProvider.System, capacity);

    private sealed class FixedTime(DateTimeOffset now) : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = now;

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
