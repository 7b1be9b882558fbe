using Lattice.Core.Consensus;

namespace Lattice.Core.Verification;

/// <summary>The rules of a replica's log, each checked where the log changes.</summary>
internal static class LogRules
{
    /// <summary>What the state was made of is in the log.</summary>
    public static void StateLiesWithin(ulong applied, ulong last)
    {
        if (applied > last)
        {
            throw new InvariantViolationException(
                Invariant.AppliedWithinCommitted,
                $"The state was made by entry {applied}",
                $"the log ends at entry {last}",
                "Entries are applied only from a durable log, so log and state do not belong together");
        }
    }

    /// <summary>An append is in itself a piece of a log: without gaps, of terms that do not fall and are not beyond its leader's.</summary>
    public static void IsPieceOfLog(Message append)
    {
        ulong term = append.LogTerm;
        for (int i = 0; i < append.Entries.Count; i++)
        {
            Entry entry = append.Entries[i];
            if (entry.Index != append.Index + (ulong)i + 1 || entry.Term < term)
            {
                throw NotAPiece(append, entry, append.Index + (ulong)i, term);
            }

            term = entry.Term;
        }

        if (term > append.Term)
        {
            throw BeyondLeader(append, term);
        }
    }

    /// <summary>The entry before an append, when it is committed here, is the leader's, too.</summary>
    /// <param name="leader">The leader.</param>
    /// <param name="previous">Entry before the append.</param>
    /// <param name="own">Term of the committed entry here at that index.</param>
    public static void AgreesWithCommitted(int leader, LogPosition previous, ulong own)
    {
        if (own != previous.Term)
        {
            throw new InvariantViolationException(
                Invariant.LeaderCompleteness,
                $"The leader, node {leader}, holds entry {previous.Index} of term {previous.Term}",
                $"that entry is committed here with term {own}",
                "Every leader holds all committed entries, so this replica belongs to a history of the group that was given up, or one of the two lost what it had acknowledged. A node left over from such a history has to be wiped",
                leader);
        }
    }

    /// <summary>An entry that both logs hold under one index and term is the same entry.</summary>
    public static void IsSameEntry(Entry held, Entry sent, int leader)
    {
        if (held.Kind != sent.Kind || !held.Data.Span.SequenceEqual(sent.Data.Span))
        {
            throw new InvariantViolationException(
                Invariant.LogMatching,
                $"The leader, node {leader}, sends entry {sent.Index} of term {sent.Term} as {sent.Kind} of {sent.Data.Length} bytes",
                $"the log here holds another content of {held.Data.Length} bytes, kind {held.Kind}, under that index and term",
                "An entry is made once, by the leader of its term, and never changed: one of the two copies was damaged in memory or on disk, or two leaders made one each",
                leader);
        }
    }

    /// <summary>An entry that is replaced is not committed.</summary>
    public static void KeepsCommitted(Entry replacing, ulong commit, ulong own, int leader)
    {
        if (replacing.Index <= commit)
        {
            throw new InvariantViolationException(
                Invariant.CommittedEntryKept,
                $"The leader's entry {replacing.Index} of term {replacing.Term} would replace an entry of term {own}",
                $"everything up to {commit} is committed here",
                "Every leader holds all committed entries, so this replica and the leader belong to different histories of the group, or one of them lost what it had acknowledged. A node left over from a history that was given up has to be wiped",
                leader);
        }
    }

    /// <summary>A log has no gaps.</summary>
    public static void HasNoGap(ulong next, ulong last)
    {
        if (next > last + 1)
        {
            throw new InvariantViolationException(Invariant.LogMatching, $"Entry {next} was to be appended", $"the log ends at entry {last}", "A log has no gaps");
        }
    }

    /// <summary>What gets committed is in the log.</summary>
    public static void IsHeld(ulong committed, ulong last)
    {
        if (committed > last)
        {
            throw new InvariantViolationException(
                Invariant.AppliedWithinCommitted,
                $"Entry {committed} was to be committed",
                $"the log ends at entry {last}",
                "Only entries that a majority holds get committed, and this replica was counted");
        }
    }

    /// <summary>What was applied had been handed out for it, so it is committed and durable.</summary>
    public static void WasHandedOut(ulong applied, ulong handedOut)
    {
        if (applied > handedOut)
        {
            throw new InvariantViolationException(
                Invariant.AppliedWithinCommitted,
                $"Entry {applied} was reported as applied",
                $"only entries up to {handedOut} were handed out",
                "Entries are applied only once they are committed and durable");
        }
    }

    /// <summary>A snapshot moves a replica forward.</summary>
    public static void MovesForward(ulong snapshot, ulong commit)
    {
        if (snapshot < commit)
        {
            throw new InvariantViolationException(
                Invariant.CommitMonotonic,
                $"A snapshot up to entry {snapshot} was installed",
                $"everything up to {commit} is committed here",
                "A snapshot may only move a replica forward");
        }
    }

    private static InvariantViolationException NotAPiece(Message append, Entry entry, ulong before, ulong term) => new(
        Invariant.LogMatching,
        $"The leader, node {append.From}, sends entry {entry.Index} of term {entry.Term}",
        $"it stands after entry {before} of term {term} in the same append",
        "A log has no gaps and its terms never fall: what the leader holds, or what became of it here, is no log",
        append.From);

    private static InvariantViolationException BeyondLeader(Message append, ulong term) => new(
        Invariant.LogMatching,
        $"The leader, node {append.From}, sends an entry of term {term}",
        $"it leads term {append.Term}",
        "A leader holds nothing of terms after its own",
        append.From);
}
