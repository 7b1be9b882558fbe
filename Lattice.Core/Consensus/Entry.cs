using System.Buffers.Binary;
using System.IO.Hashing;

namespace Lattice.Core.Consensus;

/// <summary>What an <see cref="Entry"/> of the replicated log carries.</summary>
public enum EntryKind : byte
{
    /// <summary>Nothing: the entry that a new leader appends so that its term has something to commit (dissertation, 6.4).</summary>
    Noop = 0,

    /// <summary>A batch of commands for the state machine.</summary>
    Command = 1,

    /// <summary>An encoded <see cref="Configuration"/>: the group's members from this entry on.</summary>
    Configuration = 2,
}

/// <summary>One entry of a group's replicated log. Immutable.</summary>
/// <param name="Index">Position in the log, from 1, without gaps.</param>
/// <param name="Term">Term of the leader that created the entry.</param>
/// <param name="Kind">What <paramref name="Data"/> holds.</param>
/// <param name="Data">The payload; never changed after the entry was made.</param>
public sealed record Entry(ulong Index, ulong Term, EntryKind Kind, ReadOnlyMemory<byte> Data)
{
    /// <summary>
    /// What vouches for the entry from its proposal to its application: computed when it was made, carried in the log and in messages, and looked at whenever it is used.
    /// </summary>
    public ulong Check { get; } = CheckOf(Index, Term, Kind, Data.Span);

    /// <summary>Whether the entry still is what was made.</summary>
    public bool IsSound => Check == CheckOf(Index, Term, Kind, Data.Span);

    /// <summary>Bytes that the entry counts for in batch and flow-control limits: its payload and a fixed overhead.</summary>
    public int Size => Data.Length + 24;

    private static ulong CheckOf(ulong index, ulong term, EntryKind kind, ReadOnlySpan<byte> data)
    {
        Span<byte> position = stackalloc byte[(2 * sizeof(ulong)) + 1];
        BinaryPrimitives.WriteUInt64LittleEndian(position, index);
        BinaryPrimitives.WriteUInt64LittleEndian(position[sizeof(ulong)..], term);
        position[^1] = (byte)kind;
        return XxHash3.HashToUInt64(data, (long)XxHash3.HashToUInt64(position));
    }
}

/// <summary>Names one entry: two logs that agree on it agree on everything before it (Raft's log matching property).</summary>
/// <param name="Index">Index of the entry; 0 is the position before the first entry.</param>
/// <param name="Term">Its term; 0 for index 0.</param>
public readonly record struct LogPosition(ulong Index, ulong Term)
{
    /// <summary>Whether a log that ends here is at least as complete as one that ends at <paramref name="other"/> (Raft paper, 5.4.1).</summary>
    public bool IsAtLeast(LogPosition other) => Term > other.Term || (Term == other.Term && Index >= other.Index);
}
