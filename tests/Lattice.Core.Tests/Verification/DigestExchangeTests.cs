using Lattice.Core.Consensus;
using Lattice.Core.Verification;
using Xunit;

namespace Lattice.Core.Tests.Verification;

/// <summary>Small scenes of replicas that tell each other their digests; node 1 leads.</summary>
public class DigestExchangeTests
{
    [Fact]
    public void Replicas_that_agree_go_on_and_say_up_to_where_they_agree()
    {
        ExchangeNetwork net = new ExchangeNetwork(1, 2, 3).BeginAll();
        for (ulong index = 1; index <= 5; index++)
        {
            net.Lead(1, 'a', index);
            net.DeliverAll();
            Assert.True(net.Execute(2, 'a', index));
            Assert.True(net.Execute(3, 'a', index));
        }

        Assert.Equal((VerificationState.Agrees, 5UL), (net[2].State, net[2].AgreedIndex));
        Assert.True(net[1].MayServe && net[2].MayServe && net[3].MayServe);
    }

    [Fact]
    public void A_follower_in_the_minority_stops_before_it_commits_when_it_knows_what_the_others_have()
    {
        ExchangeNetwork net = new ExchangeNetwork(1, 2, 3).BeginAll();
        net.Lead(1, 'a', 1);
        net.DeliverAll();
        Assert.True(net.Execute(2, 'a', 1));
        Assert.False(net.Execute(3, 'b', 1), "It knows that the leader has something else.");
        Assert.False(net[3].MayServe);
        Divergence found = Assert.Throws<StateDivergenceException>(net.DeliverAll).Divergence;
        Assert.Equal((DivergenceKind.PeerDigest, DivergencePhase.Exchange, new LogPosition(1, 1)), (found.Kind, found.Phase, found.Entry));
        Assert.Equal(
            [new ReplicaDigest(1, 1, ExchangeNetwork.Digest('a', 1)), new ReplicaDigest(2, 1, ExchangeNetwork.Digest('a', 1)), new ReplicaDigest(3, 1, ExchangeNetwork.Digest('b', 1))],
            found.Digests.OrderBy(d => d.Node));
    }

    [Fact]
    public void A_follower_in_the_minority_stops_at_the_first_message_when_it_committed_before_it_knew()
    {
        ExchangeNetwork net = new ExchangeNetwork(1, 2, 3).BeginAll();
        Assert.True(net.Execute(3, 'b', 1), "Nobody has told it anything yet.");
        Assert.True(net.Execute(2, 'a', 1));
        net.Lead(1, 'a', 1);
        Assert.Equal(3, Throws(net));
        Assert.Equal(VerificationState.Agrees, net[2].State);
    }

    [Fact]
    public void A_leader_in_the_minority_stops()
    {
        ExchangeNetwork net = new ExchangeNetwork(1, 2, 3).BeginAll();
        net.Execute(2, 'a', 1);
        net.Execute(3, 'a', 1);
        net.Lead(1, 'b', 1);
        Assert.Equal(1, Throws(net));
    }

    [Fact]
    public void A_difference_stays_open_while_only_two_of_three_can_be_reached_and_is_decided_when_the_third_comes()
    {
        ExchangeNetwork net = TwoThatDiffer();
        Assert.Equal((VerificationState.Arbitrating, VerificationState.Arbitrating), (net[1].State, net[2].State));
        Assert.False(net[1].MayServe || net[1].MayApply || net[2].MayServe || net[2].MayApply);
        for (int i = 0; i <= ExchangeNetwork.PatienceTicks; i++)
        {
            TickAndDeliver(net, 1, 2);
        }

        Assert.Equal((VerificationState.NoMajority, VerificationState.NoMajority), (net[1].State, net[2].State));

        // It comes back, has nothing yet, and gets there by the log.
        net.IsDown(3, false);
        TickAndDeliver(net, 1, 2);
        Assert.Equal(VerificationState.NoMajority, net[1].State);
        net.Execute(3, 'a', 1);
        Assert.Equal(2, Throws(net));
        Assert.Equal((VerificationState.Agrees, VerificationState.Agrees), (net[1].State, net[3].State));
        Assert.True(net[1].MayApply);
    }

    [Fact]
    public void A_member_that_has_not_come_to_the_entry_does_not_keep_the_others_from_deciding()
    {
        // Two against one of four, and the fourth cannot be brought there before it is decided.
        ExchangeNetwork net = new ExchangeNetwork(1, 2, 3, 4).BeginAll();
        net.Execute(2, 'a', 1);
        net.Execute(3, 'b', 1);
        net.Lead(1, 'a', 1);
        Assert.Equal(3, Throws(net));
        Assert.True(net[1].MayServe && net[2].MayServe);
    }

    [Fact]
    public void Nobody_goes_on_when_all_three_differ()
    {
        ExchangeNetwork net = new ExchangeNetwork(1, 2, 3).BeginAll();
        net.Lead(1, 'a', 1);
        net.Execute(2, 'b', 1);
        net.Execute(3, 'c', 1);
        for (int i = 0; i <= ExchangeNetwork.PatienceTicks + 1; i++)
        {
            TickAndDeliver(net, 1, 2, 3);
        }

        foreach (int node in new[] { 1, 2, 3 })
        {
            Assert.Equal(VerificationState.NoMajority, net[node].State);
            Assert.False(net[node].MayServe || net[node].MayApply);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_another_incarnation_of_a_member_says_does_not_count(bool isToldBefore)
    {
        ExchangeNetwork net = new ExchangeNetwork(1, 2, 3).BeginAll();
        net.Begin(3, incarnation: 999);
        Message wrong = Told(from: 3, to: 1, letter: 'b', index: 1) with { FromIncarnation = 999 };
        if (isToldBefore)
        {
            net.Deliver(wrong);
        }

        net.Lead(1, 'a', 1);
        net.Deliver(wrong);
        Assert.Equal(VerificationState.Agrees, net[1].State);
        Assert.Equal(0UL, net[1].AgreedIndex);
        net.Deliver(Told(from: 3, to: 1, letter: 'a', index: 1) with { FromIncarnation = 999 });
        Assert.Equal(0UL, net[1].AgreedIndex);
    }

    [Fact]
    public void What_was_told_ahead_by_a_member_that_is_none_any_more_when_the_entry_comes_does_not_count()
    {
        ExchangeNetwork net = new ExchangeNetwork(1, 2, 3).BeginAll();
        net.Deliver(Told(from: 3, to: 1, letter: 'b', index: 1));
        net.Members = ExchangeNetwork.Voters(1, 2) with { Removed = [3] };
        Assert.True(net.Execute(1, 'a', 1));
    }

    [Fact]
    public void A_replica_that_is_no_member_under_its_incarnation_judges_nobody_not_even_itself()
    {
        ExchangeNetwork net = new ExchangeNetwork(1, 2, 3).BeginAll();
        net.Begin(3, applied: 1, letter: 'b', incarnation: 999);
        net.Execute(2, 'a', 1);
        net.Lead(1, 'a', 1);
        net.DeliverAll();
        TickAndDeliver(net, 1, 2, 3);
        Assert.Equal((VerificationState.Agrees, VerificationState.Unproven), (net[1].State, net[3].State));
    }

    [Fact]
    public void A_single_voter_needs_nobody()
    {
        ExchangeNetwork net = new ExchangeNetwork(1).BeginAll(applied: 9);
        Assert.False(net[1].MayServe);
        net.Tick(1);
        Assert.Equal((VerificationState.Agrees, true), (net[1].State, net[1].MayServe));
        Assert.True(net.Execute(1, 'a', 10));
        Assert.Empty(net.Messages);
    }

    [Fact]
    public void A_replica_that_starts_with_a_state_does_not_serve_before_another_one_confirms_it()
    {
        ExchangeNetwork net = new ExchangeNetwork(1, 2, 3).BeginAll(applied: 9);
        Assert.Equal((VerificationState.Unproven, false), (net[2].State, net[2].MayServe));
        Assert.True(net[2].MayApply);
        net.Tick(2);
        net.DeliverAll();
        Assert.Equal((VerificationState.Agrees, true, 9UL), (net[2].State, net[2].MayServe, net[2].AgreedIndex));
    }

    [Fact]
    public void A_replica_that_nobody_answers_says_so_and_is_not_proven_by_silence()
    {
        ExchangeNetwork net = new ExchangeNetwork(1, 2, 3).BeginAll(applied: 9);
        for (int i = 0; i < 1_000; i++)
        {
            net.Tick(2);
        }

        Assert.True(net[2].HasNobodyToCompareWith(net.Members));
        Assert.Equal((VerificationState.Unproven, false), (net[2].State, net[2].MayServe));
        net.DeliverAll();
        Assert.True(net[2].MayServe && !net[2].HasNobodyToCompareWith(net.Members));
    }

    [Fact]
    public void A_leader_whose_state_all_others_can_only_get_from_it_waits_for_nobody()
    {
        ExchangeNetwork net = new ExchangeNetwork(1, 2, 3).BeginAll(applied: 9);
        net[1].NeedsSnapshot(2);
        Assert.False(net[1].HasNobodyToCompareWith(net.Members), "The third may have an entry in common with it.");
        net[1].NeedsSnapshot(3);
        Assert.True(net[1].HasNobodyToCompareWith(net.Members));
        Assert.Equal(VerificationState.Unproven, net[1].State);

        // Another one has led since, from which they have got what they needed.
        net[1].LeadershipLost();
        Assert.False(net[1].HasNobodyToCompareWith(net.Members));
    }

    [Fact]
    public void A_leader_of_members_that_have_lost_everything_waits_for_nobody()
    {
        ExchangeNetwork net = new ExchangeNetwork(1, 2, 3).BeginAll(applied: 9);
        net[1].Joins(2, asIncarnation: 999, net.Members);
        net[1].Joins(3, ExchangeNetwork.IncarnationOf(3), net.Members);
        Assert.False(net[1].HasNobodyToCompareWith(net.Members), "The third has lost nothing: it is accepted as what it is.");
        net[1].Joins(3, asIncarnation: 998, net.Members);
        Assert.True(net[1].HasNobodyToCompareWith(net.Members));
    }

    [Fact]
    public void A_difference_that_no_majority_can_decide_is_given_up_when_the_other_side_lost_everything()
    {
        ExchangeNetwork net = TwoThatDiffer();
        net[1].Joins(3, asIncarnation: 999, net.Members);
        Assert.Equal((VerificationState.Arbitrating, false), (net[1].State, net[1].MayApply));

        // The operator has node 2 learn everything anew: what it said does not stand against node 1 any more.
        net[1].Joins(2, asIncarnation: 998, net.Members);
        Assert.True(net[1].MayApply && net[1].HasNobodyToCompareWith(net.Members));
        Assert.Equal((VerificationState.Unproven, false), (net[1].State, net[1].MayServe));
    }

    [Fact]
    public void What_a_replica_executes_again_with_what_another_one_has_shows_that_it_was_wrong()
    {
        ExchangeNetwork net = TwoThatDiffer();
        Assert.False(net.Execute(2, 'c', 1), "Nobody has that: it stays undecided.");
        Divergence found = Assert.Throws<StateDivergenceException>(() => net.Execute(2, 'a', 1)).Divergence;
        Assert.Equal((DivergenceKind.PeerDigest, false), (found.Kind, found.Checks.ExecutionRepeatedAgrees));
        Assert.Equal([new ReplicaDigest(2, 1, ExchangeNetwork.Digest('b', 1)), new ReplicaDigest(1, 1, ExchangeNetwork.Digest('a', 1))], found.Digests);
        Assert.False(net.Execute(1, 'a', 1), "Node 1 repeats what it did, and waits.");
    }

    [Fact]
    public void An_outcome_that_was_compared_is_not_replaced_by_another_one_that_was_not()
    {
        ExchangeNetwork net = new ExchangeNetwork(1, 2, 3).BeginAll();
        Assert.True(net.Execute(1, 'a', 1));

        // The volume was full: it is executed again.
        Assert.True(net.Execute(1, 'a', 1));
        Assert.Throws<StateDivergenceException>(() => net.Execute(1, 'b', 1));
    }

    [Fact]
    public void A_replica_whose_state_is_ahead_of_its_data_stops_before_it_serves()
    {
        // The state says that it stands at entry 9, but is that of entry 7: with the entries after it, it never is what the others have.
        ExchangeNetwork net = new(1, 2, 3);
        net.Begin(1);
        net.Lead(1, 'a', 1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
        net.Begin(2);
        net.Execute(2, 'a', 1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
        net.Messages.Clear();
        net.Begin(3, applied: 9, letter: 'x');
        Assert.False(net[3].MayServe);
        net.Tick(3);
        Assert.Equal(3, Throws(net));
    }

    [Fact]
    public void Replicas_find_an_entry_in_common_though_one_is_far_ahead_and_does_not_know_the_others_last_entry_any_more()
    {
        ExchangeNetwork net = new(1, 2, 3);
        ulong[] entries = [.. Enumerable.Range(1, 9_000).Select(i => (ulong)i)];
        net.Begin(1);
        net.Begin(2);
        net.Lead(1, 'a', entries);
        net.Execute(2, 'a', entries);
        net.Messages.Clear();
        net.Begin(3, applied: 5);
        TickAndDeliver(net, 3);
        Assert.Equal((VerificationState.Unproven, false), (net[3].State, net[3].MayServe));

        // By the log it comes to where the others know their digests.
        net.Execute(3, 'a', entries[5..]);
        TickAndDeliver(net, 3);
        Assert.Equal((VerificationState.Agrees, true, 9_000UL), (net[3].State, net[3].MayServe, net[3].AgreedIndex));
    }

    [Fact]
    public void A_follower_that_is_always_far_behind_compares_all_the_same()
    {
        ExchangeNetwork net = new ExchangeNetwork(1, 2, 3).BeginAll();
        ulong agreed = 0;
        for (ulong index = 1; index <= 1_000; index++)
        {
            net.Lead(1, 'a', index);
            net.DeliverAll();
            if (index > 200)
            {
                Assert.True(net.Execute(2, 'a', index - 200));
                Assert.True(index - 200 - net[2].AgreedIndex <= 300);
                agreed = net[2].AgreedIndex;
            }
        }

        Assert.True(agreed > 500, $"agreed up to {agreed}");
    }

    [Fact]
    public void A_digest_that_was_lost_is_asked_for_though_nothing_more_is_written()
    {
        ExchangeNetwork net = new ExchangeNetwork(1, 2, 3).BeginAll();
        net.Lead(1, 'a', 1);
        net.Messages.Clear();
        net.Execute(2, 'a', 1);
        net.Execute(3, 'b', 1);
        Assert.Throws<StateDivergenceException>(() =>
        {
            for (int i = 0; i < 4; i++)
            {
                TickAndDeliver(net, 3);
            }
        });
    }

    [Fact]
    public void A_leader_learns_that_the_others_agree_and_then_is_silent()
    {
        ExchangeNetwork net = new ExchangeNetwork(1, 2, 3).BeginAll();
        net.Lead(1, 'a', 1);
        net.DeliverAll();
        net.Execute(2, 'a', 1);
        net.Execute(3, 'a', 1);
        for (int i = 0; i < 4; i++)
        {
            TickAndDeliver(net, 1, 2, 3);
        }

        Assert.Equal(1UL, net[1].AgreedIndex);
        net.Tick(1);
        net.Tick(2);
        net.Tick(3);
        Assert.Empty(net.Messages);
    }

    [Fact]
    public void Messages_that_are_repeated_late_or_in_another_order_change_nothing()
    {
        ExchangeNetwork net = new ExchangeNetwork(1, 2, 3).BeginAll();
        List<Message> told = [];
        for (ulong index = 1; index <= 4; index++)
        {
            net.Lead(1, 'a', index);
            told.AddRange(net.Messages.Where(m => m.To == 2));
            net.Messages.Clear();
        }

        foreach (Message message in told.AsEnumerable().Reverse().Concat(told).Concat(told))
        {
            net.Deliver(message);
        }

        Assert.True(net.Execute(2, 'a', 1, 2, 3, 4));
        foreach (Message message in told.Concat(told))
        {
            net.Deliver(message);
        }

        Assert.Equal((VerificationState.Agrees, 4UL), (net[2].State, net[2].AgreedIndex));
        Assert.Empty(net.Messages);
    }

    [Fact]
    public void Every_order_in_which_the_answers_come_ends_with_the_same_replica_stopping()
    {
        for (int seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            int wrong = random.Next(1, 4);
            ExchangeNetwork net = new ExchangeNetwork(1, 2, 3).BeginAll();
            List<int> stopped = [];
            List<(int Node, bool Leads)> executions = [(1, true), (2, false), (3, false)];
            for (int step = 0; step < 400 && stopped.Count == 0; step++)
            {
                try
                {
                    int choice = random.Next(4);
                    if (choice == 0 && executions.Count > 0)
                    {
                        (int node, bool leads) = executions[random.Next(executions.Count)];
                        executions.Remove((node, leads));
                        char letter = node == wrong ? 'b' : 'a';
                        if (leads)
                        {
                            net.Lead(node, letter, 1);
                        }
                        else
                        {
                            net.Execute(node, letter, 1);
                        }
                    }
                    else if (choice == 1)
                    {
                        net.Tick(random.Next(1, 4));
                    }
                    else if (net.Messages.Count > 0)
                    {
                        Message message = net.Messages[random.Next(net.Messages.Count)];
                        if (random.Next(5) > 0)
                        {
                            net.Messages.Remove(message);
                        }

                        if (random.Next(5) > 0)
                        {
                            net.Deliver(message);
                        }
                    }
                }
                catch (StateDivergenceException e)
                {
                    Assert.Equal(ExchangeNetwork.Digest('b', 1), e.Divergence.Digests[0].Digest);
                    stopped.Add(e.Divergence.Digests[0].Node);
                }
            }

            Assert.Equal([wrong], stopped);
        }
    }

    [Fact]
    public void In_a_joint_configuration_the_replicas_of_both_halves_tell_each_other()
    {
        ExchangeNetwork net = new ExchangeNetwork(1, 2, 3, 4).BeginAll();
        net.Members = net.Members with { Voters = [1, 2, 4], OutgoingVoters = [1, 2, 3] };
        net.Lead(1, 'a', 1);
        net.Execute(2, 'a', 1);
        net.Execute(3, 'b', 1);
        net.Execute(4, 'a', 1);
        Assert.Equal(3, Throws(net));
    }

    [Fact]
    public void A_learner_that_differs_stops_and_the_voters_go_on()
    {
        ExchangeNetwork net = new ExchangeNetwork(1, 2, 3, 4).BeginAll();
        net.Members = net.Members with { Voters = [1, 2, 3], Learners = [4] };
        net.Execute(2, 'a', 1);
        net.Execute(3, 'a', 1);
        net.Execute(4, 'b', 1);
        net.Lead(1, 'a', 1);
        Assert.Equal(4, Throws(net));
        net.DeliverAll();
        Assert.True(net[1].MayServe && net[2].MayServe && net[3].MayServe);
    }

    [Fact]
    public void A_snapshot_that_replaces_the_state_ends_an_open_difference()
    {
        ExchangeNetwork net = new ExchangeNetwork(1, 2, 3).BeginAll();
        net.IsDown(3, true);
        net.Lead(1, 'a', 1);
        net.DeliverAll();
        net.Execute(2, 'b', 1);
        Assert.False(net[2].MayApply);
        net[2].Begin(new LogPosition(5, 1), ExchangeNetwork.Digest('a', 5), isNew: true);
        Assert.True(net[2].MayApply && net[2].MayServe);
    }

    [Fact]
    public void A_difference_at_an_entry_that_a_member_does_not_know_any_more_is_given_up_and_found_at_the_next_one()
    {
        ExchangeNetwork net = new ExchangeNetwork(1, 2, 3).BeginAll();
        net.Begin(3, applied: 5);
        net.Execute(2, 'b', 1);
        net.Lead(1, 'a', 1);
        net.DeliverAll();
        TickAndDeliver(net, 1, 2);
        Assert.Equal((true, false), (net[2].MayApply, net[2].MayServe));
        net.Execute(3, 'a', 6);
        net.Execute(2, 'b', 2, 3, 4, 5, 6);
        net.Lead(1, 'a', 2, 3, 4, 5, 6);
        Assert.Equal(2, Throws(net));
    }

    [Fact]
    public void What_a_replica_keeps_of_what_it_is_told_and_asked_is_bounded()
    {
        ExchangeNetwork net = new ExchangeNetwork(1, 2, 3).BeginAll();
        for (ulong index = 1; index <= 10_000; index++)
        {
            net.Deliver(Told(from: 1, to: 2, letter: 'a', index) with { Context = 1 });
            net.Deliver(Told(from: 1, to: 2, letter: 'a', index: 20_000) with { Context = 1 });
        }

        net.Messages.Clear();
        net.Execute(2, 'a', [.. Enumerable.Range(1, 20_000).Select(i => (ulong)i)]);
        Assert.InRange(net.Messages.Count, 1, 64);
        Assert.Equal(net.Messages.Count, net.Messages.DistinctBy(m => (m.To, m.Index)).Count());
    }

    private static Message Told(int from, int to, char letter, ulong index)
    {
        byte[] data = new byte[16];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt128LittleEndian(data, ExchangeNetwork.Digest(letter, index));
        return new Message { Kind = MessageKind.Digest, From = from, FromIncarnation = ExchangeNetwork.IncarnationOf(from), To = to, Index = index, LogTerm = 1, Data = data };
    }

    /// <summary>Node 1 leads and has another state than node 2 after entry 1; node 3 cannot be reached.</summary>
    private static ExchangeNetwork TwoThatDiffer()
    {
        ExchangeNetwork net = new ExchangeNetwork(1, 2, 3).BeginAll();
        net.IsDown(3, true);
        net.Lead(1, 'a', 1);
        net.DeliverAll();
        Assert.False(net.Execute(2, 'b', 1));
        net.DeliverAll();
        return net;
    }

    private static void TickAndDeliver(ExchangeNetwork net, params int[] nodes)
    {
        foreach (int node in nodes)
        {
            net.Tick(node);
        }

        net.DeliverAll();
    }

    /// <summary>Delivers until a replica stops; gives its node. The others get the rest.</summary>
    private static int Throws(ExchangeNetwork net)
    {
        Divergence found = Assert.Throws<StateDivergenceException>(net.DeliverAll).Divergence;
        int node = found.Digests[0].Node;
        net.IsDown(node, true);
        net.DeliverAll();
        return node;
    }
}
