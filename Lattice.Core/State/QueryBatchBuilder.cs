namespace Lattice.Core.State;

/// <summary>Kinds of queries. The numbers are part of the wire format.</summary>
public enum QueryKind : byte
{
    /// <summary>One record.</summary>
    Get = 1,

    /// <summary>A page of records in the order of their keys.</summary>
    Scan = 2,
}

/// <summary>Encodes a query batch (<c>docs/wire-format.md</c>).</summary>
public sealed class QueryBatchBuilder
{
    internal const byte Version = 1;

    private readonly WireWriter writer = new();
    private uint count;

    /// <summary>An empty batch.</summary>
    public QueryBatchBuilder()
    {
        writer.U8(Version);
        writer.U32(0);
    }

    /// <summary>Asks for a record.</summary>
    public QueryBatchBuilder Get(ReadOnlySpan<byte> key)
    {
        writer.U8((byte)QueryKind.Get);
        writer.Bytes16(key);
        count++;
        return this;
    }

    /// <summary>Asks for a page.</summary>
    /// <param name="from">First key, inclusive.</param>
    /// <param name="to">End, exclusive; empty: to the last record.</param>
    /// <param name="limit">Records at most; 0: as many as the server allows.</param>
    /// <param name="bytes">Bytes of keys and values at most, but at least one record; 0: as many as the server allows.</param>
    /// <param name="keysOnly">Whether to leave the values out.</param>
    public QueryBatchBuilder Scan(ReadOnlySpan<byte> from, ReadOnlySpan<byte> to, uint limit = 0, uint bytes = 0, bool keysOnly = false)
    {
        writer.U8((byte)QueryKind.Scan);
        writer.Bytes16(from);
        writer.Bytes16(to);
        writer.U32(limit);
        writer.U32(bytes);
        writer.U8(keysOnly ? (byte)1 : (byte)0);
        count++;
        return this;
    }

    /// <summary>The batch.</summary>
    public byte[] Build()
    {
        writer.PatchU32(1, count);
        return writer.ToArray();
    }
}
