using CsCheck;
using Lattice.Core.Consensus;
using Xunit;

namespace Lattice.Core.Tests.Consensus;

public sealed class QuorumTrackerTests
{
    private static readonly Gen<int[]> Half = Gen.Int[1, 7].Array[1, 7].Select(nodes => nodes.Distinct().ToArray());

    [Fact]
    public void What_is_agreed_is_the_highest_number_that_a_majority_of_each_half_has_reached() =>
        Gen.Select(Half, Gen.Bool, Half, Gen.ULong[0, 9].Array[8]).Sample((voters, joint, outgoing, values) =>
        {
            int[] old = joint ? outgoing : [];
            ulong agreed = new QuorumTracker(voters, old).Agreed(node => values[node]);
            ulong expected = 0;
            for (ulong candidate = 1; candidate <= 9; candidate++)
            {
                if (HasMajority(voters, values, candidate) && (!joint || HasMajority(old, values, candidate)))
                {
                    expected = candidate;
                }
            }

            Assert.Equal(expected, agreed);
        });

    [Fact]
    public void A_vote_is_won_or_lost_exactly_when_the_open_answers_cannot_change_it() =>
        Gen.Select(Half, Gen.Bool, Half, Gen.Int[0, 2].Array[8]).Sample((voters, joint, outgoing, answers) =>
        {
            int[] old = joint ? outgoing : [];
            VoteResult result = new QuorumTracker(voters, old).Count(node => answers[node] switch { 0 => null, 1 => true, _ => false });
            bool surely = Wins(voters, old, node => answers[node] == 1);
            bool perhaps = Wins(voters, old, node => answers[node] != 2);
            Assert.Equal(surely ? VoteResult.Won : perhaps ? VoteResult.Open : VoteResult.Lost, result);
        });

    [Fact]
    public void Nobody_agrees_on_anything_in_a_group_without_voters()
    {
        var nobody = new QuorumTracker([], []);
        Assert.Equal(0UL, nobody.Agreed(_ => 7));
        Assert.Equal(VoteResult.Lost, nobody.Count(_ => true));
    }

    private static bool HasMajority(int[] half, ulong[] values, ulong least) => half.Count(node => values[node] >= least) > half.Length / 2;

    private static bool Wins(int[] voters, int[] old, Func<int, bool> granted) =>
        voters.Count(granted) > voters.Length / 2 && (old.Length == 0 || old.Count(granted) > old.Length / 2);
}
