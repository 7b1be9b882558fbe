using Lattice.Core.Consensus;

namespace Lattice.Core.Verification;

/// <summary>
/// Who led and who voted for whom in the latest terms, as far as any message showed it: that a term has one leader and a voter one vote can be seen
/// to be broken long after the fact, and by somebody who took no part. Bounded; remembers since the start of the process.
/// </summary>
internal sealed class TermHistory
{
    private const int Terms = 64;
    private const int Votes = 128;

    private readonly (ulong Term, int Leader)[] leaders = new (ulong Term, int Leader)[Terms];
    private readonly Vote[] votes = new Vote[Votes];
    private int nextVote;

    private readonly record struct Vote(ulong Term, Member Voter, int Candidate, LogPosition? Last);

    /// <summary>A node led a term. True when that is news.</summary>
    /// <exception cref="InvariantViolationException">Another one did.</exception>
    public bool Leads(ulong term, int node)
    {
        ref (ulong Term, int Leader) known = ref leaders[term % Terms];
        if (known.Term == term && term != 0)
        {
            return known.Leader == node ? false : throw TwoLeaders(term, node, known.Leader);
        }

        if (known.Term > term)
        {
            // So long ago that its leader is forgotten.
            return false;
        }

        known = (term, node);
        return true;
    }

    /// <summary>A voter gave its vote.</summary>
    /// <param name="term">In this term.</param>
    /// <param name="voter">The voter: another incarnation of a node is another voter.</param>
    /// <param name="candidate">To this node.</param>
    /// <param name="last">Where the candidate's log ends, when the candidate itself says it.</param>
    /// <exception cref="InvariantViolationException">It gave its vote to another one before.</exception>
    public void Voted(ulong term, Member voter, int candidate, LogPosition? last)
    {
        for (int i = 0; i < votes.Length; i++)
        {
            ref Vote known = ref votes[i];
            if (known.Term == term && known.Voter == voter)
            {
                if (known.Candidate != candidate)
                {
                    throw TwoVotes(term, voter.Node, candidate, known.Candidate);
                }

                known = known with { Last = last ?? known.Last };
                return;
            }
        }

        votes[nextVote] = new Vote(term, voter, candidate, last);
        nextVote = (nextVote + 1) % votes.Length;
    }

    /// <summary>Where a candidate's log ended by its own word; null when it did not ask here.</summary>
    public LogPosition? LastOf(ulong term, int candidate)
    {
        for (int i = 0; i < votes.Length; i++)
        {
            if (votes[i].Term == term && votes[i].Candidate == candidate && votes[i].Last is { } last)
            {
                return last;
            }
        }

        return null;
    }

    private static InvariantViolationException TwoLeaders(ulong term, int node, int other) => new(
        Invariant.OneLeaderPerTerm,
        $"Node {node} leads term {term}",
        $"node {other} led it",
        "A term has one leader, for its voters vote once: a vote was forgotten, or two processes run as one node",
        node);

    private static InvariantViolationException TwoVotes(ulong term, int voter, int candidate, int other) => new(
        Invariant.OneVotePerTerm,
        $"Node {voter} voted for node {candidate} in term {term}",
        $"it voted for node {other} in that term",
        "With two votes a term could have two leaders: the voter forgot what it had promised, or two processes run as one node",
        voter);
}
