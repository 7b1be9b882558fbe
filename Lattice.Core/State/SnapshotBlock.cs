using System.Buffers.Binary;
using System.IO.Hashing;
using ZstdSharp;

namespace Lattice.Core.State;

/// <summary>What a block of a snapshot holds.</summary>
internal enum SnapshotBlockKind : byte
{
    /// <summary>First block of a group: what the snapshot stands for.</summary>
    Header = 1,

    /// <summary>A piece of the stream of rows.</summary>
    Rows = 2,

    /// <summary>Last block of a group: number of rows and checksum of all of them.</summary>
    End = 3,
}

/// <summary>
/// The envelope of a snapshot's blocks: <c>magic u32, kind u8, compression u8, reserved u16, number u32, content length u32, payload
/// length u32, payload, XxHash128 of all that</c>, little-endian. The content of row blocks is compressed with Zstandard where that helps.
/// </summary>
internal static class SnapshotBlock
{
    /// <summary>Most bytes of content; bounds a block's size whatever its rows are, since a long row runs on in the next block.</summary>
    public const int MaxContent = 256 << 10;

    public const int HeaderSize = 4 + 1 + 1 + 2 + 4 + 4 + 4;
    public const int ChecksumSize = 16;

    /// <summary>Most bytes of a block.</summary>
    public const int MaxSize = HeaderSize + MaxContent + ChecksumSize;

    // "LSB1"
    private const uint Magic = 0x3142534C;
    private const byte Raw = 0;
    private const byte Zstandard = 1;

    /// <summary>Makes a block.</summary>
    /// <param name="kind">What it holds.</param>
    /// <param name="number">Its number.</param>
    /// <param name="content">What it holds.</param>
    /// <param name="compressor">Makes the content smaller; null: it stays as it is.</param>
    /// <param name="scratch">Room for the compressor.</param>
    /// <param name="into">Where the block is made, of <see cref="MaxSize"/> bytes; null: in an array of its own.</param>
    public static ReadOnlyMemory<byte> Encode(SnapshotBlockKind kind, uint number, ReadOnlySpan<byte> content, Compressor? compressor, byte[] scratch, byte[]? into = null)
    {
        ReadOnlySpan<byte> payload = content;
        byte compression = Raw;
        if (compressor is not null && compressor.TryWrap(content, scratch.AsSpan(0, content.Length), out int compressed))
        {
            payload = scratch.AsSpan(0, compressed);
            compression = Zstandard;
        }

        int size = HeaderSize + payload.Length + ChecksumSize;
        byte[] block = into ?? GC.AllocateUninitializedArray<byte>(size);
        BinaryPrimitives.WriteUInt32LittleEndian(block, Magic);
        block[4] = (byte)kind;
        block[5] = compression;
        BinaryPrimitives.WriteUInt16LittleEndian(block.AsSpan(6), 0);
        BinaryPrimitives.WriteUInt32LittleEndian(block.AsSpan(8), number);
        BinaryPrimitives.WriteUInt32LittleEndian(block.AsSpan(12), (uint)content.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(block.AsSpan(16), (uint)payload.Length);
        payload.CopyTo(block.AsSpan(HeaderSize));
        int end = HeaderSize + payload.Length;
        XxHash128.Hash(block.AsSpan(0, end), block.AsSpan(end, ChecksumSize));
        return block.AsMemory(0, size);
    }

    /// <summary>Size of the block that begins with this header.</summary>
    /// <exception cref="SnapshotCorruptException">It is not the header of a block.</exception>
    public static int SizeOf(ReadOnlySpan<byte> header)
    {
        uint payload = header.Length < HeaderSize ? uint.MaxValue : BinaryPrimitives.ReadUInt32LittleEndian(header[16..]);
        return payload <= MaxContent && BinaryPrimitives.ReadUInt32LittleEndian(header) == Magic
            ? HeaderSize + (int)payload + ChecksumSize
            : throw new SnapshotCorruptException("No block of a snapshot begins where one has to.");
    }

    /// <summary>Checks a block and gives its content.</summary>
    /// <exception cref="SnapshotCorruptException">It is damaged, or not the one that is due.</exception>
    public static ReadOnlySpan<byte> Decode(ReadOnlySpan<byte> block, uint number, Decompressor decompressor, byte[] scratch, out SnapshotBlockKind kind)
    {
        Check(block, number);
        kind = (SnapshotBlockKind)block[4];
        return Content(block[HeaderSize..^ChecksumSize], block[5], BinaryPrimitives.ReadUInt32LittleEndian(block[12..]), decompressor, scratch);
    }

    /// <summary>Checks that a block is whole and the one that is due.</summary>
    /// <exception cref="SnapshotCorruptException">It is not.</exception>
    public static void Check(ReadOnlySpan<byte> block, uint number)
    {
        if (SizeOf(block) != block.Length)
        {
            throw new SnapshotCorruptException($"Block {number} of a snapshot is not as long as it says.");
        }

        int end = block.Length - ChecksumSize;
        Span<byte> checksum = stackalloc byte[ChecksumSize];
        XxHash128.Hash(block[..end], checksum);
        if (!checksum.SequenceEqual(block[end..]))
        {
            throw new SnapshotCorruptException($"The checksum of block {number} of a snapshot does not match.");
        }

        uint found = BinaryPrimitives.ReadUInt32LittleEndian(block[8..]);
        if (found != number)
        {
            throw new SnapshotCorruptException($"Block {number} of a snapshot is due, but block {found} came.");
        }
    }

    private static ReadOnlySpan<byte> Content(ReadOnlySpan<byte> payload, byte compression, uint length, Decompressor decompressor, byte[] scratch)
    {
        if (compression == Raw && length == payload.Length)
        {
            return payload;
        }

        if (compression != Zstandard || length > MaxContent)
        {
            throw new SnapshotCorruptException($"A block of a snapshot has compression {compression} and {length} bytes of content, which this binary does not read. Was it written by a newer version?");
        }

        try
        {
            int decompressed = decompressor.Unwrap(payload, scratch.AsSpan(0, (int)length));
            if (decompressed == (int)length)
            {
                return scratch.AsSpan(0, decompressed);
            }
        }
        catch (ZstdException e)
        {
            throw new SnapshotCorruptException($"A block of a snapshot cannot be decompressed ({e.Message}).", e);
        }

        throw new SnapshotCorruptException("A block of a snapshot has less content than it says.");
    }
}
