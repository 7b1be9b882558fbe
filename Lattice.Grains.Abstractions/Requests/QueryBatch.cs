namespace Lattice.Grains.Requests;

/// <summary>A page of a scan that is asked for.</summary>
/// <param name="From">First key, inclusive.</param>
/// <param name="To">Last key, exclusive; empty: to the end.</param>
/// <param name="Limit">Most records; 0: as many as the server allows.</param>
/// <param name="KeysOnly">Whether values are left out.</param>
public sealed record ScanPage(ReadOnlyMemory<byte> From, ReadOnlyMemory<byte> To, uint Limit, bool KeysOnly);

/// <summary>A page of a scan.</summary>
/// <param name="Records">Records in order of their keys.</param>
/// <param name="More">Whether there are further ones.</param>
public sealed record ScanResult(IReadOnlyList<ScannedRecord> Records, bool More);

/// <summary>A query batch was refused.</summary>
public sealed class QueryRefusedException(RefusalReason reason, string message) : Exception(message)
{
    /// <summary>Why.</summary>
    public RefusalReason Reason { get; } = reason;
}

/// <summary>Encodes query batches and decodes their results (<c>docs/wire-format.md</c>).</summary>
public static class QueryBatch
{
    private const byte Version = 1;
    private const byte GetKind = 1;
    private const byte ScanKind = 2;
    private const uint Refused = uint.MaxValue;

    /// <summary>Encodes a batch of gets.</summary>
    public static byte[] EncodeGets(IReadOnlyList<ReadOnlyMemory<byte>> keys)
    {
        int size = 5;
        for (int i = 0; i < keys.Count; i++)
        {
            size += 3 + keys[i].Length;
        }

        byte[] batch = new byte[size];
        var writer = new FieldWriter(batch);
        writer.U8(Version);
        writer.U32((uint)keys.Count);
        for (int i = 0; i < keys.Count; i++)
        {
            writer.U8(GetKind);
            writer.Bytes16(keys[i].Span);
        }

        return batch;
    }

    /// <summary>Encodes one page of a scan.</summary>
    public static byte[] EncodeScan(ScanPage page)
    {
        byte[] batch = new byte[5 + 1 + 2 + page.From.Length + 2 + page.To.Length + 4 + 4 + 1];
        var writer = new FieldWriter(batch);
        writer.U8(Version);
        writer.U32(1);
        writer.U8(ScanKind);
        writer.Bytes16(page.From.Span);
        writer.Bytes16(page.To.Span);
        writer.U32(page.Limit);
        writer.U32(0);
        writer.U8(page.KeysOnly ? (byte)1 : (byte)0);
        return batch;
    }

    /// <summary>Decodes the result of gets, in order of their keys.</summary>
    /// <exception cref="QueryRefusedException">The batch was refused.</exception>
    /// <exception cref="WireFormatException">The bytes are not a result.</exception>
    public static LatticeRecord?[] DecodeGets(ReadOnlyMemory<byte> bytes)
    {
        FieldReader reader = Begin(bytes, out uint count);
        var records = new LatticeRecord?[count];
        for (int i = 0; i < records.Length; i++)
        {
            records[i] = reader.Record();
        }

        return records;
    }

    /// <summary>Decodes one page of a scan.</summary>
    /// <exception cref="QueryRefusedException">The batch was refused.</exception>
    /// <exception cref="WireFormatException">The bytes are not a result.</exception>
    public static ScanResult DecodeScan(ReadOnlyMemory<byte> bytes)
    {
        FieldReader reader = Begin(bytes, out _);
        bool more = reader.U8() != 0;
        uint count = reader.U32();
        var records = new List<ScannedRecord>();
        for (uint i = 0; i < count; i++)
        {
            ReadOnlyMemory<byte> key = reader.Bytes16();
            records.Add(new ScannedRecord(key, reader.Record() ?? throw new WireFormatException("A scan lists a record that is absent: the answer was damaged on the way.")));
        }

        return new ScanResult(records, more);
    }

    private static FieldReader Begin(ReadOnlyMemory<byte> bytes, out uint count)
    {
        var reader = new FieldReader(bytes);
        reader.Version(Version);
        _ = reader.U64();
        count = reader.U32();
        if (count == Refused)
        {
            var reason = (RefusalReason)reader.U16();
            throw new QueryRefusedException(reason, reader.Text16());
        }

        if (count > bytes.Length)
        {
            throw new WireFormatException($"The answer claims {count} results in {bytes.Length} bytes: it was damaged on the way.");
        }

        return reader;
    }
}
