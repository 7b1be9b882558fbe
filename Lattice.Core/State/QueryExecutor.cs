using System.Text;

namespace Lattice.Core.State;

/// <summary>Answers query batches from what is committed. One batch sees one state.</summary>
internal sealed class QueryExecutor(StateLimits limits, Func<int, bool>? ownsSlot)
{
    // The shortest query: a get of an empty key.
    private const int ShortestQuery = 1 + 2;

    private readonly CommandRules rules = new(limits, ownsSlot);
    private readonly WireWriter result = new(1024);

    public byte[] Execute(ReadOnlySpan<byte> batch, RecordStore store, GroupMeta meta)
    {
        result.Clear();
        result.U8(QueryResult.Version);
        result.U64(meta.Applied.Index);
        var reader = new WireReader(batch);
        byte version = reader.U8();
        uint count = reader.U32();
        if (version != QueryBatchBuilder.Version || count > (uint)reader.Remaining / ShortestQuery)
        {
            return Refuse(Malformed());
        }

        result.U32(count);
        for (uint i = 0; i < count; i++)
        {
            var kind = (QueryKind)reader.U8();
            (RefusalCode Code, string Message) refusal = kind switch
            {
                QueryKind.Get => Get(ref reader, batch, store, meta.ClockMs),
                QueryKind.Scan => Scan(ref reader, batch, store, meta.ClockMs),
                _ => Malformed(),
            };
            if (refusal.Code != RefusalCode.None)
            {
                return Refuse(refusal);
            }

            if (result.Length > limits.MaxResultBytes + limits.MaxScanBytes)
            {
                return Refuse((RefusalCode.TransactionTooLarge, $"The answers to the first {i + 1} of {count} queries have {result.Length} bytes; the limit is {limits.MaxResultBytes} (max_result_bytes). Ask for less at a time."));
            }
        }

        return reader.AtEnd ? result.ToArray() : Refuse(Malformed());
    }

    private static (RefusalCode Code, string Message) Malformed() =>
        (RefusalCode.Malformed, "The query batch does not follow the format. Is the client of a newer version than the cluster?");

    private (RefusalCode Code, string Message) Get(ref WireReader reader, ReadOnlySpan<byte> batch, RecordStore store, ulong clockMs)
    {
        Range range = reader.Bytes16();
        if (reader.Failed)
        {
            return Malformed();
        }

        ReadOnlySpan<byte> key = batch[range];
        (RefusalCode Code, string Message) refusal = rules.CheckKey(key);
        if (refusal.Code == RefusalCode.None)
        {
            WriteResult.WriteRecord(result, store.Read(key).VisibleAt(clockMs), withValue: true);
        }

        return refusal;
    }

    private (RefusalCode Code, string Message) Scan(ref WireReader reader, ReadOnlySpan<byte> batch, RecordStore store, ulong clockMs)
    {
        Range first = reader.Bytes16();
        Range last = reader.Bytes16();
        uint limit = Limited(reader.U32(), limits.MaxScanRecords);
        uint bytes = Limited(reader.U32(), limits.MaxScanBytes);
        bool keysOnly = reader.U8() != 0;
        if (reader.Failed)
        {
            return Malformed();
        }

        ReadOnlySpan<byte> from = batch[first];
        ReadOnlySpan<byte> to = batch[last];
        (RefusalCode Code, string Message) refusal = rules.CheckRange(from, to);
        if (refusal.Code == RefusalCode.None)
        {
            WritePage(store, from, to, new PageLimits(limit, bytes, keysOnly, clockMs));
        }

        return refusal;
    }

    private readonly record struct PageLimits(uint Records, uint Bytes, bool KeysOnly, ulong ClockMs);

    private static uint Limited(uint asked, int most) => asked == 0 ? (uint)most : Math.Min(asked, (uint)most);

    private void WritePage(RecordStore store, ReadOnlySpan<byte> from, ReadOnlySpan<byte> to, PageLimits page)
    {
        int moreAt = result.Length;
        result.U8(0);
        int countAt = result.Length;
        result.U32(0);
        uint count = 0;
        long bytes = 0;
        if (to.IsEmpty || from.SequenceCompareTo(to) < 0)
        {
            using IStateCursor cursor = store.Cursor(from, to);
            while (cursor.Next())
            {
                ReadOnlySpan<byte> key = cursor.Key[StateKeys.PrefixSize..];
                store.Check(key, cursor.Value);
                var record = new RowView(cursor.Value);
                if (StateRecord.IsExpired(record.ExpiryMs, page.ClockMs))
                {
                    continue;
                }

                ReadOnlySpan<byte> value = page.KeysOnly ? default : record.Value;
                bytes += key.Length + value.Length;
                if (count == page.Records || (count > 0 && bytes > page.Bytes))
                {
                    result.PatchU8(moreAt, 1);
                    break;
                }

                result.Bytes16(key);
                result.U8(1);
                result.U64(record.Revision);
                result.U64(record.ExpiryMs);
                result.Bytes32(value);
                count++;
            }
        }

        result.PatchU32(countAt, count);
    }

    private byte[] Refuse((RefusalCode Code, string Message) refusal)
    {
        // Version and applied index stay; what was answered before the refusal goes.
        result.CutTo(1 + 8);
        result.U32(QueryResult.RefusedCount);
        result.U16((ushort)refusal.Code);
        result.Bytes16(Encoding.UTF8.GetBytes(refusal.Message));
        return result.ToArray();
    }
}
