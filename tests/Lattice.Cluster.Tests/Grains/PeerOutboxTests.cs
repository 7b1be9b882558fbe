using Lattice.Cluster.Tests.Harness;
using Lattice.Core.Consensus;
using Lattice.Core.Replication;
using Lattice.Core.Verification;
using Lattice.Grains;

namespace Lattice.Cluster.Tests.Grains;

/// <summary>How messages to a peer become calls, and what happens when it does not take them.</summary>
public sealed class PeerOutboxTests
{
    private const int Peer = 2;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly ScriptedRoute route = new();
    private readonly LamportClock clock = new(TimeProvider.System);
    private IPeerRoute? way;
    private int lost;

    public PeerOutboxTests() => way = route;

    [Fact]
    public async Task Messages_arrive_in_order_and_as_they_were()
    {
        PeerOutbox outbox = Outbox();
        for (ulong i = 1; i <= 5000; i++)
        {
            Send(outbox, (uint)(i % 5), Message(i, bytes: 10));
        }

        await Eventually.Holds(() => route.Received.Count == 5000, Patience, "all messages arrived");
        Assert.Equal(Enumerable.Range(1, 5000).Select(i => ((uint)(i % 5), (ulong)i)), route.Received);
        Assert.Equal(0, lost);
    }

    [Fact]
    public async Task Messages_that_gather_while_the_peer_is_slow_share_calls()
    {
        PeerOutbox outbox = Outbox();
        route.Block();
        Send(outbox, 0, Message(1, bytes: 10));
        await Eventually.Holds(() => route.Calls == 1, Patience, "the first call is under way");
        for (ulong i = 2; i <= 1000; i++)
        {
            Send(outbox, 0, Message(i, bytes: 10));
        }

        route.Unblock();

        await Eventually.Holds(() => route.Received.Count == 1000, Patience, "all messages arrived");
        Assert.Equal(2, route.Calls);
    }

    [Fact]
    public async Task A_peer_that_reads_nothing_gets_a_few_megabytes_and_the_rest_waits_here_and_is_dropped_above_a_bound()
    {
        PeerOutbox outbox = Outbox();
        route.AnswerNothing();
        for (ulong i = 1; i <= 2000; i++)
        {
            Send(outbox, 0, Message(i, bytes: 100_000));
        }

        await Eventually.Holds(() => route.Unanswered == 4, Patience, "as many answers as may be are outstanding");
        Assert.InRange(route.Bytes, 1 << 20, 8 << 20);
        Assert.InRange(outbox.Dropped, 1200, 1500);
        Assert.True(lost > 0, "Raft has to be told.");

        route.AnswerAll();
        long arrive = 2000 - outbox.Dropped;
        await Eventually.Holds(() => route.Received.Count == arrive, Patience, "what waited arrives once the peer reads");
    }

    [Fact]
    public async Task A_peer_that_was_restarted_is_not_kept_waiting_by_its_former_life()
    {
        PeerOutbox outbox = Outbox();
        route.AnswerNothing();
        for (ulong i = 1; i <= 200; i++)
        {
            Send(outbox, 0, Message(i, bytes: 100_000));
        }

        await Eventually.Holds(() => route.Unanswered == 4, Patience, "the former life does not answer");
        var next = new ScriptedRoute();
        Volatile.Write(ref way, next);
        Send(outbox, 0, Message(1000, bytes: 10));

        await Eventually.Holds(() => next.Received.Contains((0u, 1000ul)), TimeSpan.FromSeconds(5), "the new life gets messages");
    }

    [Fact]
    public async Task A_failed_call_loses_its_messages_and_not_those_after_it()
    {
        PeerOutbox outbox = Outbox();
        route.FailNext();
        Send(outbox, 0, Message(1, bytes: 10));
        await Eventually.Holds(() => Volatile.Read(ref lost) == 1, Patience, "the loss is told");
        Send(outbox, 0, Message(2, bytes: 10));

        await Eventually.Holds(() => route.Received.Count == 1, Patience, "the next message arrives");
        Assert.Equal([(0u, 2ul)], route.Received);
    }

    [Fact]
    public async Task Messages_to_a_peer_that_nobody_knows_are_lost_at_once()
    {
        PeerOutbox outbox = Outbox();
        way = null;
        Send(outbox, 0, Message(1, bytes: 10));
        await Eventually.Holds(() => Volatile.Read(ref lost) == 1, Patience, "the loss is told");
        Volatile.Write(ref way, route);
        Send(outbox, 0, Message(2, bytes: 10));

        await Eventually.Holds(() => route.Received.Count == 1, Patience, "the next message arrives");
        Assert.Equal([(0u, 2ul)], route.Received);
    }

    [Fact]
    public async Task A_message_that_can_wait_goes_with_the_next_one_that_cannot()
    {
        PeerOutbox outbox = Outbox();
        Send(outbox, 1, Message(1, bytes: 10) with { CanWait = true });
        Assert.Equal(0, route.Calls);
        Send(outbox, 2, Message(2, bytes: 10));

        await Eventually.Holds(() => route.Received.Count == 2, Patience, "both messages arrive");
        Assert.Equal([(1u, 1ul), (2u, 2ul)], route.Received);
        Assert.Equal(1, route.Calls);
    }

    [Fact]
    public async Task A_message_that_can_wait_goes_with_the_next_tick_when_none_follows()
    {
        PeerOutbox outbox = Outbox();
        Send(outbox, 1, Message(1, bytes: 10) with { CanWait = true });
        outbox.Flush(all: true);

        await Eventually.Holds(() => route.Received.Count == 1, Patience, "the message arrives");
    }

    private static void Send(PeerOutbox outbox, uint group, Message message)
    {
        outbox.Post(group, message);
        outbox.Flush();
    }

    private static Message Message(ulong term, int bytes) => new()
    {
        Kind = MessageKind.SnapshotChunk,
        From = 1,
        To = Peer,
        Term = term,
        Data = new byte[bytes],
    };

    private PeerOutbox Outbox() => new(() => Volatile.Read(ref way), frame => frame.Seal(1, clock), (_, _) => { }, _ => Interlocked.Increment(ref lost), TimeProvider.System);

    private sealed class ScriptedRoute : IPeerRoute
    {
        private readonly Lock gate = new();
        private readonly List<(uint Group, ulong Term)> received = [];
        private readonly List<TaskCompletionSource> unanswered = [];
        private TaskCompletionSource? blocked;
        private bool silent;
        private bool failNext;

        public int Calls { get; private set; }

        public long Bytes { get; private set; }

        public int Unanswered
        {
            get
            {
                lock (gate)
                {
                    return unanswered.Count;
                }
            }
        }

        public List<(uint Group, ulong Term)> Received
        {
            get
            {
                lock (gate)
                {
                    return [.. received];
                }
            }
        }

        public void Block() => blocked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Unblock() => blocked!.SetResult();

        public void FailNext() => failNext = true;

        public void AnswerNothing()
        {
            lock (gate)
            {
                silent = true;
            }
        }

        public void AnswerAll()
        {
            lock (gate)
            {
                silent = false;
                unanswered.ForEach(answer => answer.SetResult());
                unanswered.Clear();
            }
        }

        public async ValueTask SendAsync(ReadOnlyMemory<byte> frame)
        {
            Take(frame);
            if (blocked is not null)
            {
                await blocked.Task;
            }
        }

        public Task SendAnsweredAsync(ReadOnlyMemory<byte> frame)
        {
            Take(frame);
            lock (gate)
            {
                if (!silent)
                {
                    return Task.CompletedTask;
                }

                var answer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                unanswered.Add(answer);
                return answer.Task;
            }
        }

        private void Take(ReadOnlyMemory<byte> frame)
        {
            lock (gate)
            {
                Calls++;
                Bytes += frame.Length;
                if (failNext)
                {
                    failNext = false;
                    throw new InvalidOperationException("The call fails.");
                }

                FrameCodec.Open(frame, out ReadOnlyMemory<byte> messages);
                foreach ((uint group, Message message) in MessageCodec.Read(messages))
                {
                    received.Add((group, message.Term));
                }
            }
        }
    }
}
