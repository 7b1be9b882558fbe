namespace Lattice.Core.State;

/// <summary>The committed records of one epoch of a group: cache in front, engine behind. Used by the group's loop.</summary>
internal sealed class RecordStore(IStateEngine engine, StateKeys keys, RecordCache cache)
{
    private readonly ulong scope = ((ulong)keys.Group << 32) | keys.Epoch;

    public StateKeys Keys => keys;

    public IStateEngine Engine => engine;

    /// <summary>The record of a key, whether it has expired or not.</summary>
    public StateRecord Read(ReadOnlySpan<byte> key)
    {
        if (cache.TryGet(scope, key, out byte[]? row))
        {
            return new StateRecord(row);
        }

        row = engine.Get(keys.Record(key));
        if (row is null)
        {
            return default;
        }

        if (row.Length < StateRecord.HeaderSize)
        {
            throw new StateFormatException($"A record of group {keys.Group} has {row.Length} bytes in the state; at least {StateRecord.HeaderSize} are needed, so the state is damaged. Remove the files in 'wal' and 'state' and start again: the other nodes then bring this one up to date.");
        }

        if (row.Length <= RecordCache.LargestRecord)
        {
            cache.Set(scope, key.ToArray(), row);
        }

        return new StateRecord(row);
    }

    /// <summary>A cursor over the rows of records from a key (inclusive) to a key (exclusive; empty: to the end).</summary>
    public IStateCursor Cursor(ReadOnlySpan<byte> from, ReadOnlySpan<byte> to)
    {
        byte[] first = keys.Record(from).ToArray();
        byte[] end = to.IsEmpty ? keys.End(RowKind.Record) : keys.Record(to).ToArray();
        return engine.Cursor(first, end);
    }

    /// <summary>Tells the cache what was written, once it has been.</summary>
    public void Written(byte[] key, StateRecord record)
    {
        if (record.RawRow is { } row)
        {
            cache.Set(scope, key, row);
        }
        else
        {
            cache.Remove(scope, key);
        }
    }
}
