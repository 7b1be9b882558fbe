namespace Lattice.Core.Consensus;

/// <summary>
/// Whose turn it is to campaign when several voters have reason to at the same moment: all have learned that the leader is gone, or their votes
/// went to two candidates. Random waits short enough to help would often be equal, and votes that are shared cost a whole election timeout; so
/// the voters go one after the other, each with enough time to win before the next. Only a matter of time: who may win is decided by votes.
/// </summary>
internal static class ElectionTurns
{
    /// <summary>Ticks that a voter waits after the leader's process is gone: those that come after the leader, going round, are first.</summary>
    public static int AfterLossOf(int leader, IReadOnlyCollection<int> voters, int node, int electionTicks) =>
        Wait(voters.Count(voter => voter <= leader), voters, node, electionTicks);

    /// <summary>Ticks that a candidate waits after a term in which the votes were shared: another one is first in each term.</summary>
    public static int AfterSharedVotes(ulong term, IReadOnlyCollection<int> voters, int node, int electionTicks) =>
        Wait((int)(term % (ulong)Math.Max(1, voters.Count)), voters, node, electionTicks);

    private static int Wait(int first, IReadOnlyCollection<int> voters, int node, int electionTicks)
    {
        int count = Math.Max(1, voters.Count);
        int place = (voters.Count(voter => voter < node) - first + count) % count;
        return 1 + (place * Math.Max(1, electionTicks / 3));
    }
}
