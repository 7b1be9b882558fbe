using Lattice.Core.Consensus;
using Lattice.Core.State;

namespace Lattice.Core.Verification;

/// <summary>
/// Watches one replica: remembers what it has seen of its group and of itself, and stops it, by an exception, when something cannot be true
/// beside that. The rules that need no memory are in <see cref="LogRules"/>. Used by the replica's loop only; costs some comparisons a step.
/// </summary>
internal sealed class InvariantMonitor
{
    private readonly TermHistory history = new();
    private readonly int node;
    private ulong term;
    private ulong commit;
    private ulong applied;

    // The furthest entry of which another member said that it is committed.
    private LogPosition told;
    private int toldBy;

    // Where the entries that were given to the state end, and what was stamped last, by the leader of which term.
    private LogPosition given;
    private Stamp stamp;
    private Stamp nextStamp;

    private LogPosition state;
    private ulong stateClockMs;

    /// <summary>Begins to watch.</summary>
    /// <param name="node">The replica's node.</param>
    /// <param name="term">Its term.</param>
    /// <param name="applied">Last entry that its state holds.</param>
    public InvariantMonitor(int node, ulong term, ulong applied)
    {
        this.node = node;
        this.term = term;
        commit = applied;
        this.applied = applied;
        given = new LogPosition(applied, 0);
    }

    private readonly record struct Stamp(ulong Term, ulong TimeMs);

    /// <summary>A message came: what it shows of leaders and votes, be it of terms long past.</summary>
    public void Hear(Message message)
    {
        switch (message.Kind)
        {
            case MessageKind.Append or MessageKind.Heartbeat or MessageKind.Snapshot or MessageKind.TimeoutNow:
                history.Leads(message.Term, message.From);
                break;
            case MessageKind.HeartbeatReply or MessageKind.AppendReply when !message.Reject:
                // It answers the leader of its term.
                history.Leads(message.Term, message.To);
                break;
            case MessageKind.Vote:
            case MessageKind.RecoveryVote when message.Term != 0:
                // A candidate has voted for itself.
                history.Voted(message.Term, SenderOf(message), message.From, new LogPosition(message.Index, message.LogTerm));
                break;
            case MessageKind.VoteReply when !message.Reject:
            case MessageKind.RecoveryVoteReply when !message.Reject && message.Term != 0:
                history.Voted(message.Term, SenderOf(message), message.To, last: null);
                break;
            default:
                // Others name no leader and no vote.
                break;
        }
    }

    /// <summary>The replica enters a term, or stays in it.</summary>
    public void Enters(ulong next)
    {
        if (next < term)
        {
            throw new InvariantViolationException(Invariant.TermMonotonic, $"Term {next} was to be entered", $"the replica is in term {term}", "Terms only grow; a term that returned could have two leaders");
        }

        term = next;
    }

    /// <summary>The replica gives its vote.</summary>
    /// <param name="before">Who has it; 0: nobody.</param>
    /// <param name="candidate">Who gets it.</param>
    public void Votes(int before, int candidate)
    {
        if (before != 0 && before != candidate)
        {
            throw new InvariantViolationException(Invariant.OneVotePerTerm, $"This replica was to vote for node {candidate} in term {term}", $"it voted for node {before} in that term", "With two votes a term could have two leaders");
        }
    }

    /// <summary>A member says that an entry is committed.</summary>
    public void IsTold(LogPosition committed, int by)
    {
        if (committed.Index > told.Index)
        {
            (told, toldBy) = (committed, by);
        }
    }

    /// <summary>The replica follows another leader now; <paramref name="committed"/> is the last committed entry here.</summary>
    public void Follows(int leader, LogPosition committed)
    {
        if (committed.Term < term && history.LastOf(term, leader) is { } last && !last.IsAtLeast(committed))
        {
            throw Incomplete(leader, last, committed, node);
        }
    }

    /// <summary>The replica was elected by counting votes; <paramref name="last"/> is where its log ends.</summary>
    public void Leads(LogPosition last)
    {
        history.Leads(term, node);
        if (!last.IsAtLeast(told))
        {
            throw Incomplete(node, last, told, toldBy);
        }
    }

    /// <summary>
    /// A history of the group begins, or goes on without what only lost members held: what was heard to be committed before says nothing about it.
    /// </summary>
    public void BeginsAnew() => (told, toldBy) = (default, 0);

    /// <summary>The replica as Raft has it now.</summary>
    public void Stands(ulong termNow, ulong commitNow, ulong appliedNow)
    {
        if (termNow < term || commitNow < commit || appliedNow < applied || appliedNow > commitNow)
        {
            throw Fallen(termNow, commitNow, appliedNow);
        }

        (term, commit, applied) = (termNow, commitNow, appliedNow);
    }

    /// <summary>Entries are about to be executed; called again with the same ones when that could not be done.</summary>
    public void Executes(IReadOnlyList<Entry> entries)
    {
        LogPosition before = given;
        nextStamp = stamp;
        for (int i = 0; i < entries.Count; i++)
        {
            Entry entry = entries[i];
            if (entry.Index != before.Index + 1 || entry.Term < before.Term)
            {
                throw OutOfOrder(entry, before);
            }

            if (entry.Index > commit)
            {
                throw NotCommitted(entry);
            }

            before = new LogPosition(entry.Index, entry.Term);
            if (entry.Kind == EntryKind.Command && EntryPayload.TryReadTime(entry.Data.Span, out ulong timeMs))
            {
                // One leader stamps all entries of a term. Another one's clock may be behind; then the clock of the state stands still for a while.
                if (nextStamp.Term == entry.Term && timeMs < nextStamp.TimeMs)
                {
                    throw StampFell(entry, timeMs);
                }

                nextStamp = new Stamp(entry.Term, timeMs);
            }
        }
    }

    /// <summary>They have been executed; the state stands at the last of them.</summary>
    public void Executed(IReadOnlyList<Entry> entries)
    {
        given = new LogPosition(entries[^1].Index, entries[^1].Term);
        stamp = nextStamp;
    }

    /// <summary>A snapshot has become the state.</summary>
    public void Installed(LogPosition position)
    {
        given = position;
        stamp = default;
        BeginsAnew();
    }

    /// <summary>The state as it stands now.</summary>
    public void StateStands(LogPosition position, ulong clockMs)
    {
        if (position.Index < state.Index || position.Term < state.Term || position.Index > commit)
        {
            throw StateFell(position);
        }

        if (clockMs < stateClockMs)
        {
            throw new InvariantViolationException(Invariant.StampedTimeMonotonic, $"The clock of the state stands at {clockMs} ms", $"it stood at {stateClockMs} ms", "It only moves with the stamps of entries, and never back");
        }

        (state, stateClockMs) = (position, clockMs);
    }

    private static Member SenderOf(Message message) => new(message.From, message.FromIncarnation);

    private InvariantViolationException Incomplete(int leader, LogPosition last, LogPosition committed, int knownBy) => new(
        Invariant.LeaderCompleteness,
        $"Node {leader} leads term {term} with a log that ends at entry {last.Index} of term {last.Term}",
        $"node {knownBy} knows that entry {committed.Index} of term {committed.Term} is committed",
        "A majority holds every committed entry, and nobody of it votes for a shorter log: a vote was counted that should not have been, or a voter lost what it had acknowledged",
        leader == node ? knownBy : leader);

    private InvariantViolationException Fallen(ulong termNow, ulong commitNow, ulong appliedNow)
    {
        const string why = "It only grows while the process lives, so the memory of this process was damaged, or there is a defect";
        return termNow < term ? new InvariantViolationException(Invariant.TermMonotonic, $"The term is {termNow}", $"it was {term}", why)
            : commitNow < commit ? new InvariantViolationException(Invariant.CommitMonotonic, $"The commit index is {commitNow}", $"it was {commit}", why)
            : appliedNow < applied ? new InvariantViolationException(Invariant.AppliedMonotonic, $"The applied index is {appliedNow}", $"it was {applied}", why)
            : new InvariantViolationException(Invariant.AppliedWithinCommitted, $"The applied index is {appliedNow}", $"only what is up to {commitNow} is committed", "Only committed entries are applied");
    }

    private InvariantViolationException StateFell(LogPosition position) => position.Index > commit
        ? new InvariantViolationException(Invariant.AppliedWithinCommitted, $"The state stands at entry {position.Index}", $"only what is up to {commit} is committed", "Only committed entries are applied")
        : new InvariantViolationException(
            Invariant.AppliedMonotonic,
            $"The state stands at entry {position.Index} of term {position.Term}",
            $"it stood at entry {state.Index} of term {state.Term}",
            "A state only moves forward while the process lives");

    private InvariantViolationException NotCommitted(Entry entry) => new(
        Invariant.AppliedWithinCommitted,
        $"Entry {entry.Index} was to be applied",
        $"only what is up to {commit} is committed",
        "Another leader could still replace it");

    private static InvariantViolationException OutOfOrder(Entry entry, LogPosition before) => new(
        Invariant.AppliedInOrder,
        $"Entry {entry.Index} of term {entry.Term} was to be applied",
        $"the state stands at entry {before.Index} of term {before.Term}",
        "Entries are applied one after the other, and terms in a log never fall");

    private InvariantViolationException StampFell(Entry entry, ulong timeMs) => new(
        Invariant.StampedTimeMonotonic,
        $"Entry {entry.Index} of term {entry.Term} is stamped {timeMs} ms",
        $"an entry before it, of the same term, is stamped {nextStamp.TimeMs} ms",
        "The leader of a term stamps all its entries and never goes back");
}
