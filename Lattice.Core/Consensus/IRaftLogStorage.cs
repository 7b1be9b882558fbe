namespace Lattice.Core.Consensus;

/// <summary>
/// The part of a group's log that has been handed to storage, as <c>RaftNode</c> reads it. What has been
/// appended is visible at once; whether it is durable is reported separately (<c>RaftNode.Persisted</c>).
/// Called only from the group's own loop.
/// </summary>
public interface IRaftLogStorage
{
    /// <summary>Index of the first entry that can still be read; one more than <see cref="Compacted"/>.</summary>
    ulong FirstIndex { get; }

    /// <summary>Index of the last entry; <c>FirstIndex - 1</c> when there are none.</summary>
    ulong LastIndex { get; }

    /// <summary>The entry up to which the log has been dropped: its position is still known, its payload is not.</summary>
    LogPosition Compacted { get; }

    /// <summary>Term of the entry at <paramref name="index"/>.</summary>
    /// <param name="index">From <see cref="Compacted"/> to <see cref="LastIndex"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The index lies outside of that range.</exception>
    ulong Term(ulong index);

    /// <summary>Entries from <paramref name="from"/>, up to and without <paramref name="to"/>, of at most <paramref name="maxBytes"/> but at least one.</summary>
    /// <param name="from">First index wanted, at least <see cref="FirstIndex"/>.</param>
    /// <param name="to">Index after the last one wanted, at most <c>LastIndex + 1</c>.</param>
    /// <param name="maxBytes">Sum of <see cref="Entry.Size"/> at which to stop.</param>
    IReadOnlyList<Entry> Entries(ulong from, ulong to, int maxBytes);
}
