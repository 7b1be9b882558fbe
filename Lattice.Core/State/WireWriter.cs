using System.Buffers.Binary;

namespace Lattice.Core.State;

/// <summary>Writes little-endian fields into a buffer that grows; reusable after <see cref="Clear"/>.</summary>
internal sealed class WireWriter(int capacity = 256)
{
    // A buffer that one large answer made grow is not kept for the many small ones.
    private const int LargestKept = 1 << 20;

    private byte[] buffer = new byte[capacity];

    /// <summary>Bytes written.</summary>
    public int Length { get; private set; }

    /// <summary>What has been written; valid until the next write.</summary>
    public ReadOnlySpan<byte> Written => buffer.AsSpan(0, Length);

    public void U8(byte value) => Take(1)[0] = value;

    public void U16(ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(Take(2), value);

    public void U32(uint value) => BinaryPrimitives.WriteUInt32LittleEndian(Take(4), value);

    public void U64(ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(Take(8), value);

    public void Id(UInt128 value) => BinaryPrimitives.WriteUInt128BigEndian(Take(16), value);

    public void Raw(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Take(bytes.Length));

    /// <summary>A u16 length and the bytes.</summary>
    public void Bytes16(ReadOnlySpan<byte> bytes)
    {
        U16(checked((ushort)bytes.Length));
        Raw(bytes);
    }

    /// <summary>A u32 length and the bytes.</summary>
    public void Bytes32(ReadOnlySpan<byte> bytes)
    {
        U32((uint)bytes.Length);
        Raw(bytes);
    }

    /// <summary>Overwrites a byte written before.</summary>
    public void PatchU8(int position, byte value) => buffer[position] = value;

    /// <summary>Overwrites four bytes written before.</summary>
    public void PatchU32(int position, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(buffer.AsSpan(position, 4), value);

    /// <summary>Forgets what was written from a position on.</summary>
    public void CutTo(int length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length);
        Length = length;
    }

    /// <summary>Empties the buffer.</summary>
    public void Clear()
    {
        Length = 0;
        if (buffer.Length > LargestKept)
        {
            buffer = new byte[LargestKept];
        }
    }

    public byte[] ToArray() => Written.ToArray();

    private Span<byte> Take(int length)
    {
        if (buffer.Length - Length < length)
        {
            Array.Resize(ref buffer, (int)Math.Min(Array.MaxLength, Math.Max((long)Length + length, 2L * buffer.Length)));
        }

        Span<byte> space = buffer.AsSpan(Length, length);
        Length += length;
        return space;
    }
}
