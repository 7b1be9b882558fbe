using Lattice.Core.Verification;

namespace Lattice.Core.Consensus;

/// <summary>
/// A replica's log as Raft sees it: what storage has, followed or overwritten by the entries that the next <see cref="Ready"/> hands to
/// storage, and how far it is durable, committed, handed out and applied.
/// </summary>
internal sealed class RaftLog
{
    private readonly IRaftLogStorage storage;

    // Not handed to storage yet. When there are any, they replace everything in storage from the first one's index on.
    private List<Entry> unsaved = [];

    public RaftLog(IRaftLogStorage storage, ulong commit, ulong applied)
    {
        LogRules.StateLiesWithin(applied, storage.LastIndex);
        this.storage = storage;
        Persisted = storage.LastIndex;
        Commit = Math.Max(Math.Min(commit, storage.LastIndex), Math.Max(applied, storage.Compacted.Index));
        HandedOut = applied;
        Applied = applied;
    }

    /// <summary>First index whose entry can be read.</summary>
    public ulong FirstIndex => storage.FirstIndex;

    public ulong LastIndex => unsaved.Count > 0 ? unsaved[^1].Index : storage.LastIndex;

    public LogPosition Last
    {
        get
        {
            ulong last = LastIndex;
            return new LogPosition(last, Term(last));
        }
    }

    /// <summary>The last committed entry.</summary>
    public LogPosition Committed => new(Commit, Term(Commit));

    /// <summary>Last index that is durable on this replica.</summary>
    public ulong Persisted { get; private set; }

    public ulong Commit { get; private set; }

    /// <summary>Last index given out in <see cref="Ready.Committed"/>.</summary>
    public ulong HandedOut { get; private set; }

    public ulong Applied { get; private set; }

    public bool HasUnsaved => unsaved.Count > 0;

    /// <summary>Whether there are committed entries to hand out: only those that are durable here, so that no restart finds a state ahead of its log.</summary>
    public bool HasCommitted => Math.Min(Commit, Persisted) > HandedOut;

    private ulong UnsavedFrom => unsaved.Count > 0 ? unsaved[0].Index : ulong.MaxValue;

    /// <summary>Term of an entry that is known to be within the log.</summary>
    public ulong Term(ulong index) => index >= UnsavedFrom ? unsaved[(int)(index - UnsavedFrom)].Term : storage.Term(index);

    /// <summary>Term of an entry; false when the log no longer or does not yet know it.</summary>
    public bool TryTerm(ulong index, out ulong term)
    {
        if (index > LastIndex || index < storage.Compacted.Index)
        {
            term = 0;
            return false;
        }

        term = Term(index);
        return true;
    }

    public bool Contains(LogPosition position) => TryTerm(position.Index, out ulong term) && term == position.Term;

    /// <summary>Appends an entry that this replica made as leader.</summary>
    public void Append(Entry entry) => unsaved.Add(entry);

    /// <summary>
    /// First of <paramref name="entries"/> that the log does not hold yet, as a position in the list; the count when it holds all of them. Entries that it
    /// holds must stay: they may be followed by others that were acknowledged.
    /// </summary>
    public int FirstNew(IReadOnlyList<Entry> entries)
    {
        for (int i = 0; i < entries.Count; i++)
        {
            if (!TryTerm(entries[i].Index, out ulong term) || term != entries[i].Term)
            {
                return i;
            }
        }

        return entries.Count;
    }

    /// <summary>Compares the first <paramref name="count"/> of a leader's entries, which the log holds by index and term, with what it holds.</summary>
    /// <exception cref="InvariantViolationException">One of them has another content here.</exception>
    public void Compare(IReadOnlyList<Entry> entries, int count, int leader)
    {
        for (int i = 0; i < count;)
        {
            // Read with the largest size that an append has: these came in one.
            IReadOnlyList<Entry> held = Read(entries[i].Index, count - i, int.MaxValue);
            for (int j = 0; j < held.Count; j++, i++)
            {
                LogRules.IsSameEntry(held[j], entries[i], leader);
            }
        }
    }

    /// <summary>Replaces everything from <paramref name="entries"/>[<paramref name="start"/>] on by what the leader holds.</summary>
    /// <exception cref="InvariantViolationException">That would drop a committed entry.</exception>
    public void Replace(IReadOnlyList<Entry> entries, int start, int leader)
    {
        ulong from = entries[start].Index;
        LogRules.KeepsCommitted(entries[start], Commit, from <= Commit ? Term(from) : 0, leader);
        LogRules.HasNoGap(from, LastIndex);
        if (from <= UnsavedFrom)
        {
            unsaved.Clear();
        }
        else
        {
            unsaved.RemoveRange((int)(from - UnsavedFrom), unsaved.Count - (int)(from - UnsavedFrom));
        }

        Persisted = Math.Min(Persisted, from - 1);
        for (int i = start; i < entries.Count; i++)
        {
            unsaved.Add(entries[i]);
        }
    }

    /// <summary>Everything up to <paramref name="index"/> is committed. True when that is news.</summary>
    public bool CommitTo(ulong index)
    {
        if (index <= Commit)
        {
            return false;
        }

        LogRules.IsHeld(index, LastIndex);
        Commit = index;
        return true;
    }

    /// <summary>What was handed to storage is durable up to <paramref name="position"/>; false when it has been replaced since or was known.</summary>
    public bool Persist(LogPosition position)
    {
        // An entry with this index and term, whichever append wrote it, follows the same entries: nothing before it can differ.
        if (position.Index <= Persisted || position.Index >= UnsavedFrom || !Contains(position))
        {
            return false;
        }

        Persisted = position.Index;
        return true;
    }

    /// <summary>The state holds everything up to <paramref name="index"/>.</summary>
    /// <exception cref="InvariantViolationException">More was applied than handed out.</exception>
    public void ApplyTo(ulong index)
    {
        LogRules.WasHandedOut(index, HandedOut);
        Applied = Math.Max(Applied, index);
    }

    /// <summary>Storage was begun anew after a snapshot that ends at <paramref name="position"/>.</summary>
    public void Restore(LogPosition position)
    {
        LogRules.MovesForward(position.Index, Commit);
        unsaved.Clear();
        Persisted = position.Index;
        Commit = position.Index;
        HandedOut = position.Index;
        Applied = position.Index;
    }

    /// <summary>Hands the unsaved entries to the caller, who has to give them to storage before anything else is asked of this log.</summary>
    public IReadOnlyList<Entry> TakeUnsaved()
    {
        if (unsaved.Count == 0)
        {
            return [];
        }

        List<Entry> taken = unsaved;
        unsaved = [];
        return taken;
    }

    /// <summary>Hands out the next committed entries. Called before <see cref="TakeUnsaved"/> only matters for entries in storage: those handed out are durable.</summary>
    public IReadOnlyList<Entry> TakeCommitted(int maxBytes)
    {
        ulong to = Math.Min(Commit, Persisted);
        if (to <= HandedOut)
        {
            return [];
        }

        IReadOnlyList<Entry> entries = storage.Entries(HandedOut + 1, to + 1, maxBytes);
        HandedOut = entries[^1].Index;
        return entries;
    }

    /// <summary>Entries from <paramref name="from"/> on, at most so many and so large, at least one.</summary>
    public IReadOnlyList<Entry> Read(ulong from, int maxCount, int maxBytes)
    {
        ulong last = LastIndex;
        if (from > last)
        {
            return [];
        }

        ulong to = Math.Min(last, from + (ulong)maxCount - 1) + 1;
        if (from < UnsavedFrom)
        {
            // Entries of the two sources are not mixed in one append; the rest goes into the next one.
            return storage.Entries(from, Math.Min(to, UnsavedFrom), maxBytes);
        }

        int start = (int)(from - UnsavedFrom);
        int count = 0;
        for (long bytes = 0; count < (int)(to - from); count++)
        {
            bytes += unsaved[start + count].Size;
            if (bytes > maxBytes && count > 0)
            {
                break;
            }
        }

        // Sends happen when a Ready is taken, after which this list belongs to it and is not changed any more.
        return start == 0 && count == unsaved.Count ? unsaved : unsaved.GetRange(start, count);
    }

    /// <summary>
    /// The last entry at or before <paramref name="index"/> whose term is not beyond <paramref name="term"/>: where two logs of which one has
    /// that term there may agree at the latest. Skips whole terms at a time when both sides use it (Raft paper, 5.3). Term 0 when it is no longer known.
    /// </summary>
    public LogPosition LastNotBeyond(ulong index, ulong term)
    {
        while (TryTerm(index, out ulong own))
        {
            if (own <= term)
            {
                return new LogPosition(index, own);
            }

            index--;
        }

        return new LogPosition(index, 0);
    }
}
