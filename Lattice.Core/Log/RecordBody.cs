using System.Buffers.Binary;
using Lattice.Core.Consensus;

namespace Lattice.Core.Log;

/// <summary>
/// The bodies of records. Little-endian.
/// <code>
/// SegmentStart  segment u32, group count u32; each group: id u32, zero u32, term u64, vote i32, zero u32, commit u64,
///               compacted index u64, compacted term u64, last index u64
/// Append        group u32, flags u32 (1: hard state), entry count u32, zero u32, first index u64;
///               with a hard state: term u64, vote i32, zero u32, commit u64;
///               each entry: check u64, term u64, payload length u32, kind u8, 3 zeros, payload
/// Compact,      group u32, zero u32, index u64, term u64
/// Reset
/// GroupRemoved  group u32, zero u32
/// Mark, SegmentEnd   empty
/// </code>
/// Entries carry a check of their own besides the record's (<see cref="Entry.Check"/>), because they are read back one by one, long after recovery
/// verified the record: what the disk has garbled since must not be sent to a follower, nor what changed in memory before it was written.
/// </summary>
internal static class RecordBody
{
    public const int EntryHeaderBytes = 24;
    public const int PositionBytes = 24;
    public const int GroupBytes = 8;
    public const int StartHeaderBytes = 8;
    public const int StartGroupBytes = 56;
    private const int AppendHeaderBytes = 24;
    private const int HardStateBytes = 24;
    private const uint HasHardState = 1;

    /// <summary>Bytes before the first entry of an append.</summary>
    public static int AppendPrefixBytes(bool hardState) => AppendHeaderBytes + (hardState ? HardStateBytes : 0);

    public static void WriteAppendPrefix(Span<byte> body, uint group, HardState? hard, int count, ulong firstIndex)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(body, group);
        BinaryPrimitives.WriteUInt32LittleEndian(body[4..], hard is null ? 0 : HasHardState);
        BinaryPrimitives.WriteInt32LittleEndian(body[8..], count);
        BinaryPrimitives.WriteInt32LittleEndian(body[12..], 0);
        BinaryPrimitives.WriteUInt64LittleEndian(body[16..], firstIndex);
        if (hard is { } state)
        {
            WriteHardState(body[AppendHeaderBytes..], state);
        }
    }

    /// <summary>Writes one entry; returns the bytes it took.</summary>
    public static int WriteEntry(Span<byte> target, Entry entry)
    {
        ReadOnlySpan<byte> data = entry.Data.Span;
        BinaryPrimitives.WriteUInt64LittleEndian(target[8..], entry.Term);
        BinaryPrimitives.WriteInt32LittleEndian(target[16..], data.Length);
        BinaryPrimitives.WriteInt32LittleEndian(target[20..], (byte)entry.Kind);
        data.CopyTo(target[EntryHeaderBytes..]);
        int size = EntryHeaderBytes + data.Length;
        BinaryPrimitives.WriteUInt64LittleEndian(target, entry.Check);
        return size;
    }

    /// <summary>Reads the term and payload length of the entry that begins at <paramref name="source"/>.</summary>
    public static (ulong Term, int Length) ReadEntryHeader(ReadOnlySpan<byte> source) =>
        (BinaryPrimitives.ReadUInt64LittleEndian(source[8..]), BinaryPrimitives.ReadInt32LittleEndian(source[16..]));

    /// <summary>Reads an entry of known index and length; null when its bytes are not those that were written.</summary>
    public static Entry? ReadEntry(ReadOnlyMemory<byte> source, ulong index)
    {
        ReadOnlySpan<byte> span = source.Span;
        var entry = new Entry(index, BinaryPrimitives.ReadUInt64LittleEndian(span[8..]), (EntryKind)span[20], source[EntryHeaderBytes..]);
        return entry.Check == BinaryPrimitives.ReadUInt64LittleEndian(span) ? entry : null;
    }

    public static AppendPrefix ReadAppendPrefix(ReadOnlySpan<byte> body)
    {
        bool hasHard = (BinaryPrimitives.ReadUInt32LittleEndian(body[4..]) & HasHardState) != 0;
        return new AppendPrefix(
            BinaryPrimitives.ReadUInt32LittleEndian(body),
            hasHard ? ReadHardState(body[AppendHeaderBytes..]) : null,
            BinaryPrimitives.ReadInt32LittleEndian(body[8..]),
            BinaryPrimitives.ReadUInt64LittleEndian(body[16..]));
    }

    public static void WritePosition(Span<byte> body, uint group, LogPosition position)
    {
        WriteGroup(body, group);
        BinaryPrimitives.WriteUInt64LittleEndian(body[8..], position.Index);
        BinaryPrimitives.WriteUInt64LittleEndian(body[16..], position.Term);
    }

    public static LogPosition ReadPosition(ReadOnlySpan<byte> body) =>
        new(BinaryPrimitives.ReadUInt64LittleEndian(body[8..]), BinaryPrimitives.ReadUInt64LittleEndian(body[16..]));

    public static void WriteGroup(Span<byte> body, uint group)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(body, group);
        BinaryPrimitives.WriteUInt32LittleEndian(body[4..], 0);
    }

    public static uint ReadGroup(ReadOnlySpan<byte> body) => BinaryPrimitives.ReadUInt32LittleEndian(body);

    public static void WriteStartHeader(Span<byte> body, uint segment, int groups)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(body, segment);
        BinaryPrimitives.WriteInt32LittleEndian(body[4..], groups);
    }

    public static (uint Segment, int Groups) ReadStartHeader(ReadOnlySpan<byte> body) =>
        (BinaryPrimitives.ReadUInt32LittleEndian(body), BinaryPrimitives.ReadInt32LittleEndian(body[4..]));

    public static void WriteStartGroup(Span<byte> target, uint group, HardState hard, LogPosition compacted, ulong lastIndex)
    {
        WriteGroup(target, group);
        WriteHardState(target[8..], hard);
        BinaryPrimitives.WriteUInt64LittleEndian(target[32..], compacted.Index);
        BinaryPrimitives.WriteUInt64LittleEndian(target[40..], compacted.Term);
        BinaryPrimitives.WriteUInt64LittleEndian(target[48..], lastIndex);
    }

    public static StartGroup ReadStartGroup(ReadOnlySpan<byte> source) => new(
        ReadGroup(source),
        ReadHardState(source[8..]),
        new LogPosition(BinaryPrimitives.ReadUInt64LittleEndian(source[32..]), BinaryPrimitives.ReadUInt64LittleEndian(source[40..])),
        BinaryPrimitives.ReadUInt64LittleEndian(source[48..]));

    private static void WriteHardState(Span<byte> target, HardState hard)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(target, hard.Term);
        BinaryPrimitives.WriteInt32LittleEndian(target[8..], hard.Vote);
        BinaryPrimitives.WriteInt32LittleEndian(target[12..], 0);
        BinaryPrimitives.WriteUInt64LittleEndian(target[16..], hard.Commit);
    }

    private static HardState ReadHardState(ReadOnlySpan<byte> source) => new(
        BinaryPrimitives.ReadUInt64LittleEndian(source),
        BinaryPrimitives.ReadInt32LittleEndian(source[8..]),
        BinaryPrimitives.ReadUInt64LittleEndian(source[16..]));
}

/// <summary>What stands before the entries of an append.</summary>
internal readonly record struct AppendPrefix(uint Group, HardState? Hard, int Count, ulong FirstIndex);

/// <summary>A group's state at the start of a segment.</summary>
internal readonly record struct StartGroup(uint Group, HardState Hard, LogPosition Compacted, ulong LastIndex);
