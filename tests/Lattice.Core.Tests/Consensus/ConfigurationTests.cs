using System.Collections.Immutable;
using CsCheck;
using Lattice.Core.Consensus;
using Xunit;

namespace Lattice.Core.Tests.Consensus;

public sealed class ConfigurationTests
{
    private static readonly Gen<ImmutableSortedSet<int>> Nodes = Gen.Int[1, 9].Array[0, 6].Select(nodes => nodes.ToImmutableSortedSet());

    private static readonly Configuration Three = Of((1, 11), (2, 21), (3, 31));

    [Fact]
    public void A_configuration_comes_back_from_its_bytes_as_it_was() =>
        Gen.Select(Gen.ULong, Nodes, Nodes, Nodes, Nodes, Nodes, Gen.ULong.Array[9]).Sample((cluster, voters, outgoing, learners, next, removed, incarnations) =>
        {
            var configuration = new Configuration
            {
                ClusterId = cluster,
                Voters = voters,
                OutgoingVoters = outgoing,
                Learners = learners,
                LearnersNext = next,
                Removed = removed,
                Incarnations = voters.ToImmutableSortedDictionary(node => node, node => incarnations[node - 1]),
            };
            byte[] bytes = ConfigurationCodec.Encode(configuration);
            Configuration read = ConfigurationCodec.Decode(bytes);
            Assert.Equal(bytes, ConfigurationCodec.Encode(read));
            Assert.True(read.Voters.SetEquals(voters) && read.OutgoingVoters.SetEquals(outgoing) && read.Removed.SetEquals(removed));
            Assert.Equal(configuration.Incarnations, read.Incarnations);
            Assert.Equal(cluster, read.ClusterId);
        });

    [Fact]
    public void Damaged_bytes_are_refused()
    {
        byte[] bytes = ConfigurationCodec.Encode(Three);
        Assert.Throws<ConfigurationFormatException>(() => ConfigurationCodec.Decode([.. bytes, 0]));
        for (int length = 0; length < bytes.Length; length++)
        {
            Assert.Throws<ConfigurationFormatException>(() => ConfigurationCodec.Decode(bytes.AsSpan(0, length)));
        }

        bytes[0] = 2;
        Assert.Throws<ConfigurationFormatException>(() => ConfigurationCodec.Decode(bytes));
    }

    [Fact]
    public void One_voter_comes_or_goes_in_one_step_and_more_pass_through_a_joint_configuration()
    {
        Assert.False(ConfigurationChange.Voter(4, 41).ApplyTo(Three)!.IsJoint);
        Assert.False(ConfigurationChange.Remove(3).ApplyTo(Three)!.IsJoint);

        var replace = new ConfigurationChange([new(MemberChangeKind.Voter, 4, 41), new(MemberChangeKind.Remove, 3)]);
        Configuration joint = replace.ApplyTo(Three)!;
        Assert.True(joint.IsJoint);
        Assert.Equal(31UL, joint.IncarnationOf(3));

        Configuration left = ConfigurationChange.Leave(joint);
        Assert.Equal([1, 2, 4], left.Voters);
        Assert.Equal([3], left.Removed);
        Assert.Equal(0UL, left.IncarnationOf(3));
    }

    [Fact]
    public void A_new_incarnation_of_a_voter_becomes_a_learner_first_and_never_within_a_joint_change()
    {
        Assert.Null(ConfigurationChange.Voter(3, 32).ApplyTo(Three));
        Configuration demoted = ConfigurationChange.TakeIn(Three, new Member(3, 32))!.ApplyTo(Three)!;
        Assert.Equal([1, 2], demoted.Voters);
        Assert.True(demoted.Accepts(3, 32));
        Assert.True(ConfigurationChange.Voter(3, 32).ApplyTo(demoted)!.IsVoter(3));

        var both = new ConfigurationChange([new(MemberChangeKind.Learner, 3, 32), new(MemberChangeKind.Voter, 4, 41)]);
        Assert.Null(both.ApplyTo(Three));
    }

    [Fact]
    public void A_voter_of_which_no_incarnation_was_accepted_is_accepted_as_it_is()
    {
        Configuration founded = Of((1, 11), (2, 21), (3, 0));
        Configuration taken = ConfigurationChange.TakeIn(founded, new Member(3, 31))!.ApplyTo(founded)!;
        Assert.Equal([1, 2, 3], taken.Voters);
        Assert.True(taken.Accepts(3, 31));
    }

    [Fact]
    public void A_removed_node_stays_out_until_it_is_readmitted()
    {
        Configuration without = ConfigurationChange.Remove(3).ApplyTo(Three)!;
        Assert.Equal([3], without.Removed);
        Assert.Null(ConfigurationChange.TakeIn(without, new Member(3, 32)));
        Assert.Null(ConfigurationChange.Learner(3, 32).ApplyTo(without));

        Configuration readmitted = ConfigurationChange.Readmit(3).ApplyTo(without)!;
        Assert.NotNull(ConfigurationChange.TakeIn(readmitted, new Member(3, 32)));
    }

    [Fact]
    public void A_change_is_refused_when_it_changes_nothing_or_leaves_too_few_who_can_vote()
    {
        Assert.Null(ConfigurationChange.Voter(3, 31).ApplyTo(Three));
        Assert.Null(ConfigurationChange.Remove(1).ApplyTo(Of((1, 11))));
        Assert.Null(ConfigurationChange.Learner(2, 21).ApplyTo(Of((1, 11), (2, 21), (3, 0))));
        Assert.Null(new ConfigurationChange([new(MemberChangeKind.Remove, 3), new(MemberChangeKind.Voter, 3, 31)]).ApplyTo(Three));
        Assert.Null(ConfigurationChange.Remove(3).ApplyTo(Configuration.Empty));
    }

    private static Configuration Of(params (int Node, ulong Incarnation)[] voters) => new()
    {
        ClusterId = 7,
        Voters = [.. voters.Select(voter => voter.Node)],
        Incarnations = voters.ToImmutableSortedDictionary(voter => voter.Node, voter => voter.Incarnation),
    };
}
