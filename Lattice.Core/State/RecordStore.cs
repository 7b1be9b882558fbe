using Lattice.Core.Telemetry;
using Lattice.Core.Verification;

namespace Lattice.Core.State;

/// <summary>The committed records of one epoch of a group: cache in front, engine behind. Used by the group's loop.</summary>
internal sealed class RecordStore(IStateEngine engine, StateKeys keys, RecordCache cache, CacheReads reads)
{
    private readonly ulong scope = ((ulong)keys.Group << 32) | keys.Epoch;

    public StateKeys Keys => keys;

    public IStateEngine Engine => engine;

    /// <summary>The record of a key, whether it has expired or not.</summary>
    /// <exception cref="StateDivergenceException">What is cached or stored for the key is not what was written.</exception>
    public StateRecord Read(ReadOnlySpan<byte> key)
    {
        if (cache.TryGet(scope, key, out byte[]? row))
        {
            reads.Hit();
            return StateRecord.IsSound(keys.Group, key, row) ? new StateRecord(row) : throw CacheDamaged(DivergencePhase.Read, key, row);
        }

        reads.Miss();
        row = ReadStored(key);
        if (row is not null && row.Length <= RecordCache.LargestRecord)
        {
            cache.Set(scope, key.ToArray(), row);
        }

        return new StateRecord(row);
    }

    /// <summary>The record of a key as the engine has it, past the cache; null: there is none.</summary>
    /// <exception cref="StateDivergenceException">What is stored for the key is not what was written.</exception>
    public byte[]? ReadStored(ReadOnlySpan<byte> key)
    {
        byte[]? row = engine.Get(keys.Record(key));
        return row is null || StateRecord.IsSound(keys.Group, key, row) ? row : throw StoredDamaged(key, row);
    }

    /// <summary>Checks a row under a cursor before it is served.</summary>
    /// <exception cref="StateDivergenceException">It is not what was written.</exception>
    public void Check(ReadOnlySpan<byte> key, ReadOnlySpan<byte> row)
    {
        if (!StateRecord.IsSound(keys.Group, key, row))
        {
            throw StoredDamaged(key, row.ToArray());
        }
    }

    /// <summary>The cached and the stored copy of a record, if it is cached and they are not the same.</summary>
    public (byte[] Cached, byte[]? Stored)? FindIncoherent(ReadOnlySpan<byte> key)
    {
        if (!cache.TryGet(scope, key, out byte[]? row))
        {
            return null;
        }

        byte[]? stored = engine.Get(keys.Record(key));
        return stored is not null && row.AsSpan().SequenceEqual(stored) ? null : (row, stored);
    }

    /// <summary>Checks every cached record. Any thread.</summary>
    /// <exception cref="StateDivergenceException">One is not what was put into the cache.</exception>
    public void CheckCached()
    {
        if (FindDamagedInCache() is { } damaged)
        {
            throw CacheDamaged(DivergencePhase.Scrub, damaged.Key, damaged.Row);
        }
    }

    /// <summary>The first cached record, if any, that is not what was put into the cache. Any thread.</summary>
    public (byte[] Key, byte[] Row)? FindDamagedInCache() => cache.Find(scope, (key, row) => !StateRecord.IsSound(keys.Group, key, row));

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

    /// <summary>Flips a bit of a cached record: a fault for drills. Gives its key.</summary>
    public byte[]? FlipCachedBit(Random random) => cache.FlipBit(scope, random);

    /// <summary>Overwrites a stored record past everything that goes with it: a fault for drills.</summary>
    public void Overwrite(byte[] key, byte[] row)
    {
        cache.Remove(scope, key);
        using StateBatch batch = engine.CreateBatch();
        batch.Put(keys.Record(key), row);
        engine.Write(batch);
    }

    private StateDivergenceException CacheDamaged(DivergencePhase phase, ReadOnlySpan<byte> key, byte[] row)
    {
        // Not the shared keys: their buffer belongs to the loop.
        byte[]? stored = engine.Get(new StateKeys(keys.Group, keys.Epoch).Record(key));
        bool storedIsSound = stored is not null && StateRecord.IsSound(keys.Group, key, stored);
        return new StateDivergenceException(new Divergence
        {
            Kind = DivergenceKind.CacheChecksum,
            Phase = phase,
            Group = keys.Group,
            Message = $"The cached copy of a record of group {keys.Group} is not what was put into the cache.",
            Buckets = [new DivergentBucket(DigestTable.BucketOf(key))],
            Records = [new DivergentRecord(key.ToArray(), row, stored, storedIsSound)],
            Checks = new DivergenceChecks { ReadRepeatedAgrees = storedIsSound, CacheAgreesWithStore = row.AsSpan().SequenceEqual(stored), RecordChecksumsHold = storedIsSound },
        });
    }

    private StateDivergenceException StoredDamaged(ReadOnlySpan<byte> key, byte[] row)
    {
        byte[]? again = engine.Get(keys.Record(key));
        bool isSoundNow = again is not null && StateRecord.IsSound(keys.Group, key, again);
        return new StateDivergenceException(new Divergence
        {
            Kind = DivergenceKind.RecordChecksum,
            Phase = DivergencePhase.Read,
            Group = keys.Group,
            Message = $"A record of group {keys.Group} in the state is not what was written.",
            Buckets = [new DivergentBucket(DigestTable.BucketOf(key))],
            Records = [new DivergentRecord(key.ToArray(), row, isSoundNow ? again : null, isSoundNow)],
            Checks = new DivergenceChecks { ReadRepeatedAgrees = isSoundNow, RecordChecksumsHold = false },
        });
    }
}
