using System.Buffers.Binary;
using System.IO.Hashing;

namespace Lattice.Core.Log;

/// <summary>
/// The first 64 bytes of a segment file: what it is, before any record. They are written and synced before the file gets
/// its name, so a segment without a good header was damaged, never interrupted.
/// <code>
///  0  magic "LATTICEW"   8  format version u32   12  zero u32   16  segment number u64   24  log identity u64
/// 32  zeros             56  XxHash3 of the bytes before
/// </code>
/// </summary>
internal readonly record struct SegmentHeader(uint Number, ulong LogId)
{
    public const uint Version = 1;
    public const int Bytes = 64;
    private const int CheckedBytes = 56;

    private static ReadOnlySpan<byte> Magic => "LATTICEW"u8;

    public void Write(Span<byte> target)
    {
        target[..Bytes].Clear();
        Magic.CopyTo(target);
        BinaryPrimitives.WriteUInt32LittleEndian(target[8..], Version);
        BinaryPrimitives.WriteUInt64LittleEndian(target[16..], Number);
        BinaryPrimitives.WriteUInt64LittleEndian(target[24..], LogId);
        BinaryPrimitives.WriteUInt64LittleEndian(target[CheckedBytes..], XxHash3.HashToUInt64(target[..CheckedBytes]));
    }

    /// <summary>Reads the header of the file that is named as segment <paramref name="number"/>.</summary>
    public static SegmentHeader Read(ReadOnlySpan<byte> source, string file, uint number)
    {
        if (source.Length < Bytes || !source[..Magic.Length].SequenceEqual(Magic)
            || XxHash3.HashToUInt64(source[..CheckedBytes]) != BinaryPrimitives.ReadUInt64LittleEndian(source[CheckedBytes..]))
        {
            throw new LogCorruptException(file, 0, "the segment header is damaged or this is not a log segment.");
        }

        // A newer format keeps magic, version and check in their places, so that this can be said instead of "damaged".
        uint version = BinaryPrimitives.ReadUInt32LittleEndian(source[8..]);
        if (version > Version)
        {
            throw new LogVersionException(file, version);
        }

        ulong inFile = BinaryPrimitives.ReadUInt64LittleEndian(source[16..]);
        if (inFile != number)
        {
            throw new LogCorruptException(file, 0, $"the file holds segment {inFile}, not {number}: it was renamed or copied over.");
        }

        return new SegmentHeader(number, BinaryPrimitives.ReadUInt64LittleEndian(source[24..]));
    }
}
