using System.Buffers.Binary;
using System.IO.Hashing;

namespace Lattice.Core.Log;

/// <summary>Types of records. The numbers are part of the file format.</summary>
internal enum LogRecordType : byte
{
    /// <summary>First record of a segment: the state of every group, so that older segments can be dropped.</summary>
    SegmentStart = 1,

    /// <summary>A run of entries of one group and, or only, its hard state.</summary>
    Append = 2,

    /// <summary>Entries of a group up to a position are forgotten.</summary>
    Compact = 3,

    /// <summary>A group's log is empty and goes on at a position.</summary>
    Reset = 4,

    /// <summary>A group is gone.</summary>
    GroupRemoved = 5,

    /// <summary>Nothing but the proof, in its header, that everything before it had been synced.</summary>
    Mark = 6,

    /// <summary>Last record of a segment: the log goes on in the next one.</summary>
    SegmentEnd = 7,
}

/// <summary>
/// The frame of a record: a header of 40 bytes, the body, zeros up to a multiple of 8. Little-endian.
/// <code>
///  0  check          XxHash3 (seeded by log identity and segment number) of everything that follows, padding included
///  8  body length    u32
/// 12  type           u8, then a zero
/// 14  magic          u16
/// 16  sequence       number of the record in the log, from 1, without gaps
/// 24  synced through the last record that an fdatasync had made durable when this one was written
/// 32  chain          the check of the previous record, across segments
/// </code>
/// <para>
/// The check verifies a record alone, the chain its place: a record that is missing, doubled or out of order breaks it.
/// Because the check covers the chain, each check depends on all records before it.
/// </para>
/// <para>
/// <i>Synced through</i> is what tells a torn tail from corruption. After a crash the disk may hold any subset of the
/// sectors written since the last sync, so a good record behind a bad one proves nothing by itself: both may belong to the
/// write that the crash interrupted, which nobody was promised. But a record behind a hole that says "the record at
/// the hole had been synced when I was written" proves that the disk has lost something it had promised to keep. See
/// <see cref="LogTail"/>.
/// </para>
/// </summary>
internal static class LogRecord
{
    public const int HeaderBytes = 40;
    public const int MaxBodyBytes = 1 << 29;
    private const int Alignment = 8;
    private const int CheckBytes = 8;
    private const ushort Magic = 0x4C57;

    /// <summary>Bytes that a record with such a body takes in the file.</summary>
    public static int SizeOf(int bodyBytes) => (HeaderBytes + bodyBytes + (Alignment - 1)) & ~(Alignment - 1);

    /// <summary>Seed of the checks of a segment: bytes of another log or segment never verify.</summary>
    public static long Seed(ulong logId, uint segment) => unchecked((long)((logId ^ 0xD6E8FEB86659FD93UL) + (segment * 0x9E3779B97F4A7C15UL)));

    /// <summary>Writes what is known when the record gets its place. The rest of the header is for <see cref="Finish"/>.</summary>
    public static void Begin(Span<byte> record, LogRecordType type, int bodyBytes, long sequence)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(record, 0);
        BinaryPrimitives.WriteInt32LittleEndian(record[8..], bodyBytes);
        record[12] = (byte)type;
        record[13] = 0;
        BinaryPrimitives.WriteUInt16LittleEndian(record[14..], Magic);
        BinaryPrimitives.WriteInt64LittleEndian(record[16..], sequence);
        record[(HeaderBytes + bodyBytes)..SizeOf(bodyBytes)].Clear();
    }

    /// <summary>Completes the header of a record (all its bytes, padding included); returns its check.</summary>
    public static ulong Finish(Span<byte> record, long syncedThrough, ulong chain, long seed)
    {
        BinaryPrimitives.WriteInt64LittleEndian(record[24..], syncedThrough);
        BinaryPrimitives.WriteUInt64LittleEndian(record[32..], chain);
        ulong check = XxHash3.HashToUInt64(record[CheckBytes..], seed);
        BinaryPrimitives.WriteUInt64LittleEndian(record, check);
        return check;
    }

    /// <summary>Reads a header; false when it cannot be one, without a look at the body.</summary>
    public static bool TryReadHeader(ReadOnlySpan<byte> bytes, out LogRecordHeader header)
    {
        header = new LogRecordHeader(
            BinaryPrimitives.ReadUInt64LittleEndian(bytes),
            BinaryPrimitives.ReadInt32LittleEndian(bytes[8..]),
            (LogRecordType)bytes[12],
            BinaryPrimitives.ReadInt64LittleEndian(bytes[16..]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[24..]),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes[32..]));
        return BinaryPrimitives.ReadUInt16LittleEndian(bytes[14..]) == Magic
            && header.Type is >= LogRecordType.SegmentStart and <= LogRecordType.SegmentEnd
            && header.BodyBytes is >= 0 and <= MaxBodyBytes;
    }

    /// <summary>Whether the record (all its bytes, padding included) is as it was written.</summary>
    public static bool Verify(ReadOnlySpan<byte> record, long seed) =>
        XxHash3.HashToUInt64(record[CheckBytes..], seed) == BinaryPrimitives.ReadUInt64LittleEndian(record);
}

/// <summary>The header of a record, see <see cref="LogRecord"/>.</summary>
internal readonly record struct LogRecordHeader(ulong Check, int BodyBytes, LogRecordType Type, long Sequence, long SyncedThrough, ulong Chain)
{
    public int Size => LogRecord.SizeOf(BodyBytes);
}
