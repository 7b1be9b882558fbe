using System.Buffers.Binary;

namespace Lattice.Core.State;

/// <summary>
/// Reads little-endian fields from bytes that nobody vouches for. A read past the end returns nothing and sets
/// <see cref="Failed"/>, which stays: a caller reads a whole structure and asks once whether it was there.
/// </summary>
internal ref struct WireReader(ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> bytes = bytes;

    /// <summary>Offset of the next field.</summary>
    public int Position { get; private set; }

    /// <summary>Whether a read ran past the end.</summary>
    public bool Failed { get; private set; }

    /// <summary>Whether everything was read, and nothing beyond it.</summary>
    public readonly bool AtEnd => !Failed && Position == bytes.Length;

    /// <summary>Bytes that are left.</summary>
    public readonly int Remaining => bytes.Length - Position;

    public byte U8()
    {
        ReadOnlySpan<byte> field = Take(1);
        return field.IsEmpty ? default : field[0];
    }

    public ushort U16()
    {
        ReadOnlySpan<byte> field = Take(2);
        return field.IsEmpty ? default : BinaryPrimitives.ReadUInt16LittleEndian(field);
    }

    public uint U32()
    {
        ReadOnlySpan<byte> field = Take(4);
        return field.IsEmpty ? default : BinaryPrimitives.ReadUInt32LittleEndian(field);
    }

    public ulong U64()
    {
        ReadOnlySpan<byte> field = Take(8);
        return field.IsEmpty ? default : BinaryPrimitives.ReadUInt64LittleEndian(field);
    }

    /// <summary>The 16 bytes of an opaque identity, as a number that sorts as they do.</summary>
    public UInt128 Id()
    {
        ReadOnlySpan<byte> field = Take(16);
        return field.IsEmpty ? default : BinaryPrimitives.ReadUInt128BigEndian(field);
    }

    /// <summary>A u16 length and as many bytes; where they are.</summary>
    public Range Bytes16() => TakeRange(U16());

    /// <summary>A u32 length and as many bytes; where they are.</summary>
    public Range Bytes32() => TakeRange(U32());

    /// <summary>As many bytes.</summary>
    public ReadOnlySpan<byte> Raw(int length) => Take(length);

    private Range TakeRange(uint length)
    {
        if (Failed || length > (uint)Remaining)
        {
            Failed = true;
            return default;
        }

        int start = Position;
        Position += (int)length;
        return new Range(start, Position);
    }

    private ReadOnlySpan<byte> Take(int length)
    {
        if (Failed || length < 0 || length > Remaining)
        {
            Failed = true;
            return default;
        }

        ReadOnlySpan<byte> field = bytes.Slice(Position, length);
        Position += length;
        return field;
    }
}
