using Lattice.Core.Consensus;
using Lattice.Core.Verification;
using Xunit;

namespace Lattice.Core.Tests.Verification;

/// <summary>How somebody who asked all replicas finds an entry at which they can be compared, and who is right there.</summary>
public sealed class DigestComparisonTests
{
    private static readonly Configuration Three = ExchangeNetwork.Voters(1, 2, 3);

    [Fact]
    public void Replicas_that_are_not_equally_far_are_compared_at_the_entry_of_the_slowest() =>
        Assert.Equal(90UL, DigestComparison.CommonIndex([Sample(1, 1, 100), Sample(2, 1, 97), Sample(3, 1, 90)]));

    [Fact]
    public void One_that_the_others_have_left_far_behind_does_not_keep_them_from_being_compared() =>
        Assert.Equal(97UL, DigestComparison.CommonIndex([Sample(1, 50, 100), Sample(2, 50, 97), Sample(3, 1, 20)]));

    [Fact]
    public void One_that_begins_with_a_state_is_compared_at_an_entry_that_it_has() =>
        Assert.Equal(99UL, DigestComparison.CommonIndex([Sample(1, 1, 100), Sample(2, 98, 99), Sample(3, 1, 99)]));

    [Fact]
    public void Replicas_that_have_no_entry_in_common_say_so()
    {
        IReadOnlyList<DigestSample> apart = [Sample(1, 50, 100), Sample(2, 1, 20), Sample(3, 30, 40)];

        Assert.Equal(0UL, DigestComparison.CommonIndex(apart));
        DigestVerdict verdict = DigestComparison.Judge(Three, apart, 0, new Dictionary<int, UInt128>());
        Assert.Equal((DigestAgreement.NoCommonEntry, 0UL), (verdict.Agreement, verdict.Index));
        Assert.Equal([1, 2, 3], verdict.NotCompared);
    }

    [Fact]
    public void A_replica_that_forgot_the_entry_meanwhile_is_named_as_not_compared()
    {
        DigestVerdict verdict = Judge((1, 'a'), (2, 'a'));

        Assert.Equal(DigestAgreement.Agree, verdict.Agreement);
        Assert.Equal([1, 2], verdict.Right);
        Assert.Equal([3], verdict.NotCompared);
    }

    [Fact]
    public void A_single_replica_has_nothing_to_be_compared_with() =>
        Assert.Equal(DigestAgreement.NothingToCompare, DigestComparison.Judge(Three, [Sample(1, 1, 100)], 0, new Dictionary<int, UInt128>()).Agreement);

    [Fact]
    public void The_majority_is_right()
    {
        DigestVerdict verdict = Judge((1, 'a'), (2, 'b'), (3, 'a'));

        Assert.Equal((DigestAgreement.Differ, 100UL), (verdict.Agreement, verdict.Index));
        Assert.Equal([1, 3], verdict.Right);
        Assert.Equal([2], verdict.Wrong);
    }

    [Theory]
    [InlineData("ab")]
    [InlineData("abc")]
    public void Without_a_majority_nobody_is(string letters)
    {
        DigestVerdict verdict = Judge([.. letters.Select((letter, place) => (place + 1, letter))]);

        Assert.Equal(DigestAgreement.NoMajority, verdict.Agreement);
        Assert.Empty(verdict.Wrong);
    }

    [Fact]
    public void Two_of_two_that_differ_are_judged_by_nobody()
    {
        Configuration two = ExchangeNetwork.Voters(1, 2);
        var digests = new Dictionary<int, UInt128> { [1] = 1, [2] = 2 };

        Assert.Equal(DigestAgreement.NoMajority, DigestComparison.Judge(two, [Sample(1, 1, 9), Sample(2, 1, 9)], 9, digests).Agreement);
    }

    [Fact]
    public void Who_has_stopped_is_of_another_incarnation_or_knows_nothing_has_no_say()
    {
        DigestSample[] samples =
        [
            Sample(1, 1, 100),
            Sample(2, 1, 100) with { State = VerificationState.Diverged },
            Sample(3, 1, 100) with { Incarnation = 1 },
            Sample(4, 1, 100),
        ];

        Assert.Equal([1], DigestComparison.Participants(samples, Three).Select(s => s.Node));
        Assert.Empty(DigestComparison.Participants([Sample(2, 0, 0)], Three));
    }

    [Fact]
    public void The_members_are_those_of_the_replica_that_knows_most()
    {
        Configuration two = ExchangeNetwork.Voters(1, 2);

        Assert.Same(two, DigestComparison.MembersOf([Sample(1, 1, 90), Sample(2, 1, 80) with { Term = 8, Members = two }, Sample(3, 0, 0) with { Term = 9, Members = Configuration.Empty }]));
        Assert.True(DigestComparison.MembersOf([]).IsEmpty);
    }

    [Fact]
    public void The_digests_that_are_kept_begin_where_none_is_missing()
    {
        var ring = new DigestRing();
        Assert.Equal(0UL, ring.First);
        foreach (ulong index in (ulong[])[5, 6, 7, 20, 21])
        {
            ring.Add(new LogPosition(index, 1), index);
        }

        Assert.Equal((20UL, 21UL), (ring.First, ring.Last.Index));
        for (ulong index = 22; index <= 20_000; index++)
        {
            ring.Add(new LogPosition(index, 1), index);
        }

        Assert.True(ring.TryGet(ring.First, out _, out UInt128 oldest) && oldest == ring.First);
        Assert.False(ring.TryGet(ring.First - 1, out _, out _));
    }

    private static DigestVerdict Judge(params (int Node, char Letter)[] digests) =>
        DigestComparison.Judge(Three, [Sample(1, 1, 100), Sample(2, 1, 100), Sample(3, 1, 100)], 100, digests.ToDictionary(d => d.Node, d => ExchangeNetwork.Digest(d.Letter, 100)));

    private static DigestSample Sample(int node, ulong first, ulong last) => new()
    {
        Node = node,
        Incarnation = ExchangeNetwork.IncarnationOf(node),
        State = VerificationState.Agrees,
        Term = 7,
        Members = Three,
        First = first,
        Last = last,
    };
}
