using Lattice.Core.Consensus;
using Lattice.Core.Tests.Consensus.Cluster;
using Xunit;

namespace Lattice.Core.Tests.Consensus;

/// <summary>What the scenarios cannot show: what a caller sees at the edges.</summary>
public sealed class RaftNodeTests
{
    [Fact]
    public void A_lone_voter_leads_only_once_its_own_vote_is_durable()
    {
        TestReplica replica = Lone();
        replica.Raft.Campaign();
        Assert.NotEqual(RaftRole.Leader, replica.Raft.Role);
        Assert.Equal(0, replica.Raft.Leader);
        Assert.Equal(ProposalStatus.NotLeader, replica.Raft.Propose("x"u8.ToArray(), out _));

        Run(replica);
        Assert.Equal(RaftRole.Leader, replica.Raft.Role);
        Assert.Equal(1, replica.Raft.Leader);
        Assert.Equal(2UL, replica.Raft.AppliedIndex);
    }

    [Fact]
    public void Nothing_is_handed_out_for_applying_before_it_is_durable()
    {
        TestReplica replica = Lone();
        replica.Raft.Campaign();
        Run(replica);
        Assert.Equal(ProposalStatus.Accepted, replica.Raft.Propose("x"u8.ToArray(), out LogPosition position));
        while (replica.Execute())
        {
        }

        Assert.True(replica.Raft.AppliedIndex < position.Index);
        Run(replica);
        Assert.Equal(position.Index, replica.Raft.AppliedIndex);
    }

    [Fact]
    public void A_ready_without_work_is_not_offered()
    {
        TestReplica replica = Lone();
        replica.Raft.Campaign();
        Run(replica);
        Assert.False(replica.Raft.HasReady);
        replica.Raft.Tick();
        Assert.False(replica.Raft.HasReady);
    }

    [Fact]
    public void A_committed_entry_that_a_leader_would_replace_stops_the_replica()
    {
        TestReplica replica = Follower();
        replica.Raft.Step(Append(2, new LogPosition(1, 1), commit: 2, new Entry(2, 2, EntryKind.Command, "a"u8.ToArray())));
        Run(replica);
        Message other = Append(3, new LogPosition(1, 1), commit: 1, new Entry(2, 3, EntryKind.Command, "b"u8.ToArray()));
        Assert.Throws<InvariantViolationException>(() => replica.Raft.Step(other));
    }

    [Fact]
    public void Two_leaders_of_one_term_stop_the_replica_that_hears_both()
    {
        TestReplica replica = Follower();
        replica.Raft.Step(new Message { Kind = MessageKind.Heartbeat, From = 2, FromIncarnation = 21, To = 1, Term = 5 });
        Message second = new() { Kind = MessageKind.Heartbeat, From = 3, FromIncarnation = 31, To = 1, Term = 5 };
        InvariantViolationException violation = Assert.Throws<InvariantViolationException>(() => replica.Raft.Step(second));
        Assert.NotEmpty(violation.Why);
    }

    [Fact]
    public void An_acknowledgement_waits_for_the_disk_and_a_refusal_does_not()
    {
        TestReplica replica = Follower();
        var sent = new List<Message>();
        replica.Send = sent.Add;
        replica.Raft.Step(Append(2, new LogPosition(1, 1), commit: 1, new Entry(2, 2, EntryKind.Command, "a"u8.ToArray())));
        replica.Execute();
        Assert.Empty(sent);
        replica.SyncOne();
        Assert.Equal(2UL, Assert.Single(sent).Index);

        sent.Clear();
        replica.Raft.Step(Append(2, new LogPosition(9, 2), commit: 1));
        replica.Execute();
        Assert.True(Assert.Single(sent).Reject);
    }

    [Fact]
    public void A_vote_and_the_requests_of_a_candidate_wait_for_the_disk()
    {
        TestReplica replica = Follower();
        var sent = new List<Message>();
        replica.Send = sent.Add;
        replica.Raft.Step(new Message { Kind = MessageKind.Vote, From = 2, FromIncarnation = 21, To = 1, Term = 2, Index = 1, LogTerm = 1, HintIndex = 11 });
        replica.Execute();
        Assert.Empty(sent);
        replica.SyncOne();
        Assert.False(Assert.Single(sent).Reject);

        sent.Clear();
        replica.Raft.Step(new Message { Kind = MessageKind.TimeoutNow, From = 2, FromIncarnation = 21, To = 1, Term = 2 });
        replica.Execute();
        Assert.Equal(RaftRole.Candidate, replica.Raft.Role);
        Assert.Empty(sent);
        replica.SyncOne();
        Assert.Equal([2, 3], sent.Select(message => message.To));
    }

    [Fact]
    public void A_vote_is_given_only_under_the_incarnation_that_is_asked()
    {
        TestReplica replica = Follower();
        var sent = new List<Message>();
        replica.Send = sent.Add;
        replica.Raft.Step(new Message { Kind = MessageKind.Vote, From = 2, FromIncarnation = 21, To = 1, Term = 2, Index = 1, LogTerm = 1, HintIndex = 12 });
        Run(replica);
        Assert.True(Assert.Single(sent).Reject);
        Assert.Equal(1UL, replica.Raft.Term);
    }

    [Fact]
    public void A_snapshot_that_ends_within_the_log_is_not_wanted()
    {
        TestReplica replica = Follower();
        replica.Raft.Step(Append(2, new LogPosition(1, 1), commit: 1, new Entry(2, 2, EntryKind.Command, default), new Entry(3, 2, EntryKind.Command, default)));
        Run(replica);

        var sent = new List<Message>();
        replica.Send = sent.Add;
        Assert.True(replica.Raft.WantsSnapshot(new LogPosition(2, 4)));
        Assert.True(replica.Raft.WantsSnapshot(new LogPosition(9, 2)));

        // Entry 3 may have been acknowledged: the log must not be begun anew after entry 2. The leader learns that it is held here.
        Assert.False(replica.Raft.WantsSnapshot(new LogPosition(2, 2)));
        Run(replica);
        Assert.Equal(2UL, Assert.Single(sent).Index);
        Assert.Equal(2UL, replica.Raft.Commit);
    }

    [Fact]
    public void An_answer_to_a_read_of_an_earlier_life_is_not_taken_for_one_of_this_life()
    {
        TestReplica replica = Follower();
        replica.Raft.Step(new Message { Kind = MessageKind.Heartbeat, From = 2, FromIncarnation = 21, To = 1, Term = 2 });
        replica.Raft.ReadIndex(7);
        Run(replica);
        replica.Raft.Step(new Message { Kind = MessageKind.ReadIndexReply, From = 2, FromIncarnation = 21, To = 1, Term = 2, Index = 1, Context = 7, HintIndex = 99 });
        Run(replica);
        Assert.Empty(replica.Reads);
    }

    [Fact]
    public void Options_out_of_range_are_refused()
    {
        var options = new RaftOptions { Node = 1, Incarnation = 1, Random = new FixedTimeouts(1), ElectionTicks = 1 };
        Assert.Throws<ArgumentException>(() => new RaftNode(options, new MemoryLog(), default, Configuration.Empty, 0));
    }

    [Fact]
    public void A_campaign_that_is_won_has_not_failed_and_those_that_nobody_answers_have()
    {
        TestReplica alone = Lone();
        alone.Raft.Campaign();
        Run(alone);
        Assert.Equal((1L, 0L), (alone.Raft.Campaigns, alone.Raft.FailedCampaigns));

        TestReplica cutOff = Follower();
        for (int tick = 0; tick < 200; tick++)
        {
            cutOff.Raft.Tick();
            Run(cutOff);
        }

        Assert.InRange(cutOff.Raft.FailedCampaigns, 3, 200);
        Assert.InRange(cutOff.Raft.Campaigns - cutOff.Raft.FailedCampaigns, 0, 1);
    }

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

    private static TestReplica Lone() => Start(1);

    private static TestReplica Follower() => Start(1, 2, 3);

    private static TestReplica Start(params int[] voters)
    {
        var replica = new TestReplica(1, 11, options => options with { Random = new FixedTimeouts(options.Node) });
        replica.Seed(new LogPosition(1, 1), new Configuration
        {
            ClusterId = 7,
            Voters = [.. voters],
            Incarnations = Configuration.Empty.Incarnations.AddRange(voters.Select(node => KeyValuePair.Create(node, ((ulong)node * 10) + 1))),
        });
        replica.Start();
        return replica;
    }

    private static void Run(TestReplica replica)
    {
        while (replica.Execute() || replica.SyncOne())
        {
        }
    }
}
