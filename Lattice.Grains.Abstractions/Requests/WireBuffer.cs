using System.Buffers.Binary;
using System.Text;

namespace Lattice.Grains.Requests;

/// <summary>Writes the little-endian fields of <c>docs/wire-format.md</c> into an array of the right size.</summary>
internal ref struct FieldWriter(Span<byte> target)
{
    private Span<byte> rest = target;

    public void U8(byte value)
    {
        rest[0] = value;
        rest = rest[1..];
    }

    public void U32(uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(rest, value);
        rest = rest[4..];
    }

    public void U64(ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(rest, value);
        rest = rest[8..];
    }

    public void Raw(scoped ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(rest);
        rest = rest[bytes.Length..];
    }

    public void Bytes16(ReadOnlySpan<byte> bytes)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(rest, checked((ushort)bytes.Length));
        rest = rest[2..];
        Raw(bytes);
    }

    public void Bytes32(ReadOnlySpan<byte> bytes)
    {
        U32((uint)bytes.Length);
        Raw(bytes);
    }
}

/// <summary>Reads the fields of <c>docs/wire-format.md</c>; byte strings refer into the memory read.</summary>
internal struct FieldReader(ReadOnlyMemory<byte> source)
{
    private ReadOnlyMemory<byte> rest = source;

    public byte U8() => Take(1).Span[0];

    public ushort U16() => BinaryPrimitives.ReadUInt16LittleEndian(Take(2).Span);

    public uint U32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4).Span);

    public ulong U64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8).Span);

    /// <summary>All that was not read yet.</summary>
    public readonly ReadOnlyMemory<byte> Rest => rest;

    public ReadOnlyMemory<byte> Raw(int length) => Take(length);

    public ReadOnlyMemory<byte> Bytes16() => Take(U16());

    public ReadOnlyMemory<byte> Bytes32()
    {
        uint length = U32();
        return Take(length > rest.Length ? int.MaxValue : (int)length);
    }

    public string Text16() => Encoding.UTF8.GetString(Bytes16().Span);

    public LatticeRecord? Record()
    {
        if (U8() == 0)
        {
            return null;
        }

        ulong revision = U64();
        ulong expiry = U64();
        ReadOnlyMemory<byte> value = Bytes32();
        return new LatticeRecord(value, revision, expiry == 0 ? null : DateTimeOffset.FromUnixTimeMilliseconds((long)expiry));
    }

    public void Version(byte expected)
    {
        byte version = U8();
        if (version != expected)
        {
            throw new WireFormatException($"The answer has format {version}; this client reads format {expected}. Client and servers may differ by one version at most: upgrade the older one.");
        }
    }

    private ReadOnlyMemory<byte> Take(int length)
    {
        if (length > rest.Length)
        {
            throw new WireFormatException("The answer ends within a field: it was damaged on the way, or comes from a server of another version.");
        }

        ReadOnlyMemory<byte> taken = rest[..length];
        rest = rest[length..];
        return taken;
    }
}

/// <summary>Bytes that are not what <c>docs/wire-format.md</c> says.</summary>
public sealed class WireFormatException(string message) : Exception(message);
