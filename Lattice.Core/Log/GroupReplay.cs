using Lattice.Core.Consensus;

namespace Lattice.Core.Log;

/// <summary>
/// A group's log while recovery applies the records again, in their order. Segments that no group needed any more are
/// gone, and with them entries that were replaced or compacted later on; until the record that did so comes by, these are
/// missing, and nothing may be missing at the end.
/// </summary>
internal sealed class GroupReplay(uint id)
{
    private ulong _missingThrough;

    public uint Id => id;

    public EntryIndex Index { get; } = new();

    public HardState Hard { get; private set; }

    public LogPosition Compacted { get; private set; }

    /// <summary>First and last entry that should be there and are not; null when the log is whole.</summary>
    public (ulong From, ulong To)? Missing => _missingThrough > Compacted.Index ? (Compacted.Index + 1, _missingThrough) : null;

    /// <summary>The first record of the oldest segment says what was before it.</summary>
    public void Begin(in StartGroup start)
    {
        Hard = start.Hard;
        Compacted = start.Compacted;
        _missingThrough = start.LastIndex;
        Index.Reset(start.LastIndex + 1);
    }

    /// <summary>Whether the group is as the first record of a later segment says. (Not the commit index: opening the log may have cut it back.)</summary>
    public bool Matches(in StartGroup start) =>
        Hard.Term == start.Hard.Term && Hard.Vote == start.Hard.Vote && Compacted == start.Compacted && Index.Last == start.LastIndex;

    /// <summary>An append: false when it does not fit to the log.</summary>
    public bool TryAppend(in AppendPrefix prefix)
    {
        Hard = prefix.Hard ?? Hard;
        if (prefix.Count == 0)
        {
            return true;
        }

        if (prefix.FirstIndex <= Compacted.Index || prefix.FirstIndex > Index.Last + 1)
        {
            return false;
        }

        while (Index.Count > 0 && Index.Last >= prefix.FirstIndex)
        {
            Index.RemoveLast();
        }

        if (prefix.FirstIndex < Index.First)
        {
            _missingThrough = prefix.FirstIndex - 1;
            Index.Reset(prefix.FirstIndex);
        }

        return true;
    }

    /// <summary>A compaction: false when it does not fit to the log.</summary>
    public bool TryCompact(LogPosition position)
    {
        if (position.Index <= Compacted.Index || position.Index > Index.Last)
        {
            return false;
        }

        Compacted = position;
        while (Index.Count > 0 && Index.First <= position.Index)
        {
            Index.RemoveFirst();
        }

        return true;
    }

    public void Reset(LogPosition position)
    {
        Compacted = position;
        _missingThrough = position.Index;
        Index.Reset(position.Index + 1);
    }
}
