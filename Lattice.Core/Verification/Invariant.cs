namespace Lattice.Core.Verification;

/// <summary>Rules that hold in every state of a correct group. Checked at run time, always; the numbers travel and never change their meaning.</summary>
public enum Invariant : byte
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>A term has at most one leader (election safety).</summary>
    OneLeaderPerTerm = 1,

    /// <summary>A voter gives at most one vote in a term.</summary>
    OneVotePerTerm = 2,

    /// <summary>A replica's term never falls.</summary>
    TermMonotonic = 3,

    /// <summary>A replica's commit index never falls.</summary>
    CommitMonotonic = 4,

    /// <summary>A replica's applied index never falls.</summary>
    AppliedMonotonic = 5,

    /// <summary>A committed entry is never replaced (state machine safety).</summary>
    CommittedEntryKept = 6,

    /// <summary>Two logs that agree on an entry's index and term agree on its content and on everything before it.</summary>
    LogMatching = 7,

    /// <summary>A leader's log holds everything that was committed before its election.</summary>
    LeaderCompleteness = 8,

    /// <summary>What is committed is in the log, and what is applied is committed.</summary>
    AppliedWithinCommitted = 9,

    /// <summary>Entries are applied one after the other, without gaps and with terms that never fall.</summary>
    AppliedInOrder = 10,

    /// <summary>The stamps of a term's entries never fall, and neither does the clock of the state.</summary>
    StampedTimeMonotonic = 11,
}
