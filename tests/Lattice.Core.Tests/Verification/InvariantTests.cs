using Lattice.Core.Consensus;
using Lattice.Core.State;
using Lattice.Core.Tests.Consensus.Cluster;
using Lattice.Core.Verification;
using Xunit;

namespace Lattice.Core.Tests.Verification;

/// <summary>Each rule, broken by a forged message or a doctored log or state, stops the replica and is named.</summary>
public sealed class InvariantTests
{
    private static readonly LogPosition Seeded = new(1, 1);

    private readonly TestReplica replica = Start();

    [Fact]
    public void Two_leaders_of_one_term()
    {
        replica.Raft.Step(Heartbeat(from: 2, term: 5));

        InvariantViolationException seen = Violated(Invariant.OneLeaderPerTerm, () => replica.Raft.Step(Heartbeat(from: 3, term: 5)));

        Assert.Equal(3, seen.Peer);
        Assert.Contains("Node 3", seen.Seen, StringComparison.Ordinal);
        Assert.Contains("node 2", seen.Known, StringComparison.Ordinal);
        Assert.Contains("term 5", seen.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_leaders_of_a_term_that_is_long_over()
    {
        replica.Raft.Step(Heartbeat(from: 2, term: 5));
        replica.Raft.Step(Heartbeat(from: 3, term: 6));

        Violated(Invariant.OneLeaderPerTerm, () => replica.Raft.Step(Heartbeat(from: 3, term: 5)));
    }

    [Fact]
    public void A_follower_answers_this_node_as_leader_of_a_term_that_another_one_led()
    {
        replica.Raft.Step(Heartbeat(from: 2, term: 5));

        Violated(Invariant.OneLeaderPerTerm, () => replica.Raft.Step(new Message { Kind = MessageKind.HeartbeatReply, From = 3, FromIncarnation = 31, To = 1, Term = 5 }));
    }

    [Fact]
    public void A_voter_that_votes_for_this_node_after_it_campaigned_itself()
    {
        replica.Raft.Step(Vote(from: 2, term: 2, last: Seeded));

        InvariantViolationException seen = Violated(Invariant.OneVotePerTerm, () => replica.Raft.Step(new Message { Kind = MessageKind.VoteReply, From = 2, FromIncarnation = 21, To = 1, Term = 2, Context = 11 }));

        Assert.Equal(2, seen.Peer);
    }

    [Fact]
    public void Another_incarnation_of_a_node_is_another_voter()
    {
        replica.Raft.Step(Vote(from: 2, term: 2, last: Seeded));
        replica.Raft.Step(new Message { Kind = MessageKind.VoteReply, From = 2, FromIncarnation = 22, To = 1, Term = 2, Context = 11 });
    }

    [Fact]
    public void A_second_vote_of_this_replica()
    {
        var monitor = new InvariantMonitor(node: 1, term: 4, applied: 0);
        monitor.Votes(before: 0, candidate: 2);
        monitor.Votes(before: 2, candidate: 2);
        Violated(Invariant.OneVotePerTerm, () => monitor.Votes(before: 2, candidate: 3));
    }

    [Fact]
    public void A_term_that_falls()
    {
        var monitor = new InvariantMonitor(node: 1, term: 4, applied: 0);
        Violated(Invariant.TermMonotonic, () => monitor.Enters(3));
        Violated(Invariant.TermMonotonic, () => monitor.Stands(termNow: 3, commitNow: 0, appliedNow: 0));
    }

    [Fact]
    public void A_commit_index_that_falls()
    {
        var monitor = new InvariantMonitor(node: 1, term: 4, applied: 0);
        monitor.Stands(termNow: 4, commitNow: 9, appliedNow: 9);
        Violated(Invariant.CommitMonotonic, () => monitor.Stands(termNow: 4, commitNow: 8, appliedNow: 8));
    }

    [Fact]
    public void A_snapshot_that_ends_before_what_is_committed()
    {
        replica.Raft.Step(Append(term: 2, Seeded, commit: 2, Command(2, 2, "a"u8)));
        Violated(Invariant.CommitMonotonic, () => replica.Raft.SnapshotInstalled(new SnapshotMetadata(Seeded, replica.Raft.Configuration)));
    }

    [Fact]
    public void An_applied_index_that_falls()
    {
        var monitor = new InvariantMonitor(node: 1, term: 4, applied: 7);
        Violated(Invariant.AppliedMonotonic, () => monitor.Stands(termNow: 4, commitNow: 9, appliedNow: 6));
    }

    [Fact]
    public void A_state_that_goes_back()
    {
        var monitor = new InvariantMonitor(node: 1, term: 4, applied: 9);
        monitor.StateStands(new LogPosition(9, 4), clockMs: 100);
        Violated(Invariant.AppliedMonotonic, () => monitor.StateStands(new LogPosition(8, 4), clockMs: 100));
        Violated(Invariant.AppliedMonotonic, () => monitor.StateStands(new LogPosition(9, 3), clockMs: 100));
    }

    [Fact]
    public void A_state_ahead_of_what_is_committed()
    {
        var monitor = new InvariantMonitor(node: 1, term: 4, applied: 9);
        Violated(Invariant.AppliedWithinCommitted, () => monitor.StateStands(new LogPosition(10, 4), clockMs: 100));
    }

    [Fact]
    public void A_committed_entry_that_a_leader_would_replace()
    {
        replica.Raft.Step(Append(term: 2, Seeded, commit: 2, Command(2, 2, "a"u8)));
        Run();

        InvariantViolationException seen = Violated(Invariant.CommittedEntryKept, () => replica.Raft.Step(Append(term: 3, Seeded, commit: 1, Command(2, 3, "b"u8))));

        Assert.Equal(2, seen.Peer);
    }

    [Fact]
    public void An_entry_sent_again_with_another_content()
    {
        replica.Raft.Step(Append(term: 2, Seeded, commit: 1, Command(2, 2, "abcdef"u8)));
        Run();
        replica.Raft.Step(Append(term: 2, Seeded, commit: 1, Command(2, 2, "abcdef"u8)));

        Violated(Invariant.LogMatching, () => replica.Raft.Step(Append(term: 2, Seeded, commit: 1, Command(2, 2, "abcdeg"u8))));
    }

    [Fact]
    public void An_entry_sent_again_with_another_content_before_it_was_saved()
    {
        replica.Raft.Step(Append(term: 2, Seeded, commit: 1, Command(2, 2, "a"u8), Command(3, 2, "b"u8)));

        Violated(Invariant.LogMatching, () => replica.Raft.Step(Append(term: 2, Seeded, commit: 1, Command(2, 2, "a"u8), Command(3, 2, "c"u8))));
    }

    [Fact]
    public void An_entry_that_lies_in_the_log_with_another_content_than_the_leaders()
    {
        replica.Raft.Step(Append(term: 2, Seeded, commit: 1, Command(2, 2, "abcdef"u8), Command(3, 2, "b"u8)));
        Run();
        Doctor(replica.Log.All[0]);

        Violated(Invariant.LogMatching, () => replica.Raft.Step(Append(term: 2, Seeded, commit: 1, Command(2, 2, "abcdef"u8))));
    }

    [Theory]
    [InlineData(4UL, 2UL, 5UL, 2UL)]
    [InlineData(2UL, 2UL, 4UL, 2UL)]
    [InlineData(2UL, 2UL, 2UL, 2UL)]
    [InlineData(2UL, 2UL, 3UL, 1UL)]
    [InlineData(2UL, 3UL, 3UL, 3UL)]
    public void Entries_that_are_no_piece_of_a_log(ulong firstIndex, ulong firstTerm, ulong secondIndex, ulong secondTerm) =>
        Violated(Invariant.LogMatching, () => replica.Raft.Step(Append(term: 2, Seeded, commit: 1, Command(firstIndex, firstTerm, "a"u8), Command(secondIndex, secondTerm, "b"u8))));

    [Fact]
    public void A_leader_whose_log_has_another_entry_where_one_is_committed()
    {
        replica.Raft.Step(Append(term: 2, Seeded, commit: 3, Command(2, 2, "a"u8), Command(3, 2, "b"u8)));
        Run();

        Violated(Invariant.LeaderCompleteness, () => replica.Raft.Step(Append(term: 4, new LogPosition(2, 3), commit: 1)));
    }

    [Fact]
    public void A_leader_that_campaigned_with_a_log_shorter_than_what_is_committed()
    {
        replica.Raft.Step(Append(term: 2, Seeded, commit: 3, Command(2, 2, "a"u8), Command(3, 2, "b"u8)));
        Run();
        for (int tick = 0; tick < 10; tick++)
        {
            replica.Raft.Tick();
        }

        // It is refused its vote here, and leads all the same.
        replica.Raft.Step(Vote(from: 3, term: 3, last: Seeded));

        InvariantViolationException seen = Violated(Invariant.LeaderCompleteness, () => replica.Raft.Step(Heartbeat(from: 3, term: 3)));

        Assert.Equal(3, seen.Peer);
    }

    [Fact]
    public void An_elected_replica_that_lacks_what_another_one_knows_to_be_committed()
    {
        replica.Raft.Campaign();
        replica.Raft.Step(Answer(MessageKind.PreVoteReply, from: 2, term: 1, committed: default, reject: true));
        replica.Raft.Step(Answer(MessageKind.PreVoteReply, from: 3, term: 2, committed: new LogPosition(7, 1)));
        Run();

        Violated(Invariant.LeaderCompleteness, () => replica.Raft.Step(Answer(MessageKind.VoteReply, from: 3, term: 2, committed: new LogPosition(7, 1))));
    }

    [Fact]
    public void What_an_unknown_incarnation_takes_for_committed_proves_nothing()
    {
        replica.Raft.Campaign();
        replica.Raft.Step(Answer(MessageKind.PreVoteReply, from: 2, term: 2, committed: new LogPosition(7, 1)) with { FromIncarnation = 99 });
        replica.Raft.Step(Answer(MessageKind.PreVoteReply, from: 3, term: 2, committed: Seeded));
        Run();
        replica.Raft.Step(Answer(MessageKind.VoteReply, from: 3, term: 2, committed: Seeded));

        Assert.Equal(RaftRole.Leader, replica.Raft.Role);
    }

    [Fact]
    public void A_state_without_its_log()
    {
        var options = new RaftOptions { Node = 1, Incarnation = 1, Random = new FixedTimeouts(1) };
        Violated(Invariant.AppliedWithinCommitted, () => _ = new RaftNode(options, new MemoryLog(), default, Configuration.Empty, applied: 3));
    }

    [Fact]
    public void An_entry_that_was_applied_without_having_been_handed_out() =>
        Violated(Invariant.AppliedWithinCommitted, () => replica.Raft.Applied(2));

    [Fact]
    public void An_entry_that_is_executed_before_it_is_committed()
    {
        var monitor = new InvariantMonitor(node: 1, term: 2, applied: 1);
        Violated(Invariant.AppliedWithinCommitted, () => monitor.Executes([Command(2, 2, "a"u8)]));
    }

    [Fact]
    public void Entries_executed_out_of_order()
    {
        InvariantMonitor monitor = Committed(10);
        monitor.Executes([Command(1, 2, "a"u8)]);
        monitor.Executed([Command(1, 2, "a"u8)]);
        Violated(Invariant.AppliedInOrder, () => monitor.Executes([Command(1, 2, "a"u8)]));
        Violated(Invariant.AppliedInOrder, () => monitor.Executes([Command(3, 2, "a"u8)]));
        Violated(Invariant.AppliedInOrder, () => monitor.Executes([Command(2, 1, "a"u8)]));
        Violated(Invariant.AppliedInOrder, () => monitor.Executes([Command(2, 2, "a"u8), Command(4, 2, "a"u8)]));
    }

    [Fact]
    public void Stamps_of_one_leader_that_fall()
    {
        InvariantMonitor monitor = Committed(10);
        Entry[] entries = [Stamped(1, 2, 100), new Entry(2, 2, EntryKind.Noop, default), Stamped(3, 2, 100), Stamped(4, 2, 99)];
        Violated(Invariant.StampedTimeMonotonic, () => monitor.Executes(entries));

        monitor.Executes(entries[..3]);
        monitor.Executed(entries[..3]);
        Violated(Invariant.StampedTimeMonotonic, () => monitor.Executes(entries[3..]));
    }

    [Fact]
    public void Another_leaders_clock_may_be_behind()
    {
        InvariantMonitor monitor = Committed(10);
        monitor.Executes([Stamped(1, 2, 100), Stamped(2, 3, 50), Stamped(3, 3, 51)]);
    }

    [Fact]
    public void Entries_that_could_not_be_executed_are_executed_again()
    {
        InvariantMonitor monitor = Committed(10);
        monitor.Executes([Stamped(1, 2, 100), Stamped(2, 2, 101)]);
        monitor.Executes([Stamped(1, 2, 100), Stamped(2, 2, 101)]);
    }

    [Fact]
    public void A_clock_of_the_state_that_goes_back()
    {
        var monitor = new InvariantMonitor(node: 1, term: 4, applied: 9);
        monitor.StateStands(new LogPosition(9, 4), clockMs: 100);
        Violated(Invariant.StampedTimeMonotonic, () => monitor.StateStands(new LogPosition(9, 4), clockMs: 99));
    }

    [Fact]
    public void Watching_a_message_of_a_known_leader_allocates_nothing()
    {
        var monitor = new InvariantMonitor(node: 1, term: 4, applied: 9);
        Message heartbeat = Heartbeat(from: 2, term: 4);
        monitor.Hear(heartbeat);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 10_000; i++)
        {
            monitor.Hear(heartbeat);
            monitor.Stands(termNow: 4, commitNow: 9, appliedNow: 9);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static InvariantViolationException Violated(Invariant rule, Action act)
    {
        InvariantViolationException seen = Assert.Throws<InvariantViolationException>(act);
        Assert.Equal(rule, seen.Rule);
        Assert.NotEmpty(seen.Seen);
        Assert.NotEmpty(seen.Known);
        Assert.NotEmpty(seen.Why);
        Assert.Contains(rule.ToString(), seen.Message, StringComparison.Ordinal);
        return seen;
    }

    private static InvariantMonitor Committed(ulong commit)
    {
        var monitor = new InvariantMonitor(node: 1, term: 4, applied: 0);
        monitor.Stands(termNow: 4, commitNow: commit, appliedNow: 0);
        return monitor;
    }

    private static void Doctor(Entry entry)
    {
        Assert.True(System.Runtime.InteropServices.MemoryMarshal.TryGetArray(entry.Data, out ArraySegment<byte> bytes));
        bytes.Array![bytes.Offset] ^= 1;
    }

    private static Entry Command(ulong index, ulong term, ReadOnlySpan<byte> data) => new(index, term, EntryKind.Command, data.ToArray());

    private static Entry Stamped(ulong index, ulong term, ulong timeMs) => new(index, term, EntryKind.Command, EntryPayload.Encode(timeMs, []));

    private static Message Heartbeat(int from, ulong term) => new() { Kind = MessageKind.Heartbeat, From = from, FromIncarnation = ((ulong)from * 10) + 1, To = 1, Term = term, HintTerm = 11 };

    private static Message Vote(int from, ulong term, LogPosition last) => new()
    {
        Kind = MessageKind.Vote,
        From = from,
        FromIncarnation = ((ulong)from * 10) + 1,
        To = 1,
        Term = term,
        Index = last.Index,
        LogTerm = last.Term,
        HintIndex = 11,
        Commit = Seeded.Index,
        HintTerm = Seeded.Term,
    };

    private static Message Answer(MessageKind kind, int from, ulong term, LogPosition committed, bool reject = false) => new()
    {
        Kind = kind,
        From = from,
        FromIncarnation = ((ulong)from * 10) + 1,
        To = 1,
        Term = term,
        Commit = committed.Index,
        HintTerm = committed.Term,
        Context = 11,
        Reject = reject,
    };

    private static Message Append(ulong term, LogPosition previous, ulong commit, params Entry[] entries) => new()
    {
        Kind = MessageKind.Append,
        From = 2,
        FromIncarnation = 21,
        To = 1,
        Term = term,
        Index = previous.Index,
        LogTerm = previous.Term,
        Commit = commit,
        Entries = entries,
    };

    private static TestReplica Start()
    {
        var made = new TestReplica(1, 11, options => options with { Random = new FixedTimeouts(options.Node) });
        made.Seed(Seeded, new Configuration
        {
            ClusterId = 7,
            Voters = [1, 2, 3],
            Incarnations = Configuration.Empty.Incarnations.AddRange(Enumerable.Range(1, 3).Select(node => KeyValuePair.Create(node, ((ulong)node * 10) + 1))),
        });
        made.Start();
        return made;
    }

    private void Run()
    {
        while (replica.Execute() || replica.SyncOne())
        {
        }
    }
}
