using System.Text;

namespace Lattice.Core.State;

/// <summary>A record with its key.</summary>
public readonly record struct ScannedRecord(ReadOnlyMemory<byte> Key, RecordAnswer Record);

/// <summary>The answer to one query.</summary>
public sealed record QueryAnswer
{
    /// <summary>What was asked.</summary>
    public required QueryKind Kind { get; init; }

    /// <summary>Get: the record.</summary>
    public RecordAnswer Record { get; init; }

    /// <summary>Scan: the page.</summary>
    public IReadOnlyList<ScannedRecord> Page { get; init; } = [];

    /// <summary>Scan: whether there are records after the page. The next one begins at the last key followed by a zero byte.</summary>
    public bool More { get; init; }
}

/// <summary>A query result (<c>docs/wire-format.md</c>).</summary>
public sealed record QueryResult
{
    internal const byte Version = 1;
    internal const uint RefusedCount = uint.MaxValue;

    /// <summary>Index of the last entry whose effect was read.</summary>
    public ulong AppliedIndex { get; init; }

    /// <summary>One answer for each query, unless refused.</summary>
    public IReadOnlyList<QueryAnswer> Answers { get; init; } = [];

    /// <summary>Why the batch was refused, or <see cref="RefusalCode.None"/>.</summary>
    public RefusalCode Code { get; init; }

    /// <summary>Refused: why, in words.</summary>
    public string Message { get; init; } = "";

    /// <summary>Reads the result of a batch that asked for these kinds; values are slices of it.</summary>
    /// <exception cref="WireFormatException">The bytes are not the result of such a batch.</exception>
    public static QueryResult Decode(ReadOnlyMemory<byte> result, params ReadOnlySpan<QueryKind> kinds)
    {
        var reader = new WireReader(result.Span);
        byte version = reader.U8();
        ulong applied = reader.U64();
        uint count = reader.U32();
        if (version != Version)
        {
            throw new WireFormatException($"The {result.Length} bytes are not a query result of version {Version}.");
        }

        QueryResult decoded;
        if (count == RefusedCount)
        {
            var code = (RefusalCode)reader.U16();
            decoded = new QueryResult { AppliedIndex = applied, Code = code, Message = Encoding.UTF8.GetString(result[reader.Bytes16()].Span) };
        }
        else
        {
            decoded = new QueryResult { AppliedIndex = applied, Answers = ReadAnswers(ref reader, result, count, kinds) };
        }

        return reader.AtEnd ? decoded : throw new WireFormatException("A query result breaks off or has bytes left over.");
    }

    private static QueryAnswer[] ReadAnswers(ref WireReader reader, ReadOnlyMemory<byte> whole, uint count, scoped ReadOnlySpan<QueryKind> kinds)
    {
        if (count != (uint)kinds.Length)
        {
            throw new WireFormatException($"A query result has {count} answers to {kinds.Length} queries.");
        }

        var answers = new QueryAnswer[kinds.Length];
        for (int i = 0; i < answers.Length; i++)
        {
            answers[i] = kinds[i] == QueryKind.Get
                ? new QueryAnswer { Kind = QueryKind.Get, Record = WriteResult.ReadRecord(ref reader, whole) }
                : ReadPage(ref reader, whole);
        }

        return answers;
    }

    private static QueryAnswer ReadPage(ref WireReader reader, ReadOnlyMemory<byte> whole)
    {
        bool more = reader.U8() != 0;
        uint count = reader.U32();
        if (count > (uint)reader.Remaining / 3)
        {
            throw new WireFormatException($"A page says that it has {count} records, which do not fit into it.");
        }

        var page = new ScannedRecord[count];
        for (int i = 0; i < page.Length; i++)
        {
            ReadOnlyMemory<byte> key = whole[reader.Bytes16()];
            page[i] = new ScannedRecord(key, WriteResult.ReadRecord(ref reader, whole));
        }

        return new QueryAnswer { Kind = QueryKind.Scan, Page = page, More = more };
    }
}
