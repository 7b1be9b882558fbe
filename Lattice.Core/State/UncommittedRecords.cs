namespace Lattice.Core.State;

/// <summary>
/// The records as the entries under execution see them: what they wrote, above what is committed. Nothing is in the engine
/// before <see cref="WriteTo"/>'s batch is.
/// </summary>
internal sealed class UncommittedRecords
{
    private readonly RecordStore store;
    private readonly DigestTable digests;
    private readonly Dictionary<byte[], Change> changes = new(ByteKeyComparer.Instance);
    private readonly Dictionary<byte[], Change>.AlternateLookup<ReadOnlySpan<byte>> lookup;
    private readonly List<Effect> effects = [];

    public UncommittedRecords(RecordStore store, DigestTable digests)
    {
        this.store = store;
        this.digests = digests;
        lookup = changes.GetAlternateLookup<ReadOnlySpan<byte>>();
    }

    private readonly record struct Change(StateRecord Committed, StateRecord Now);

    /// <summary>All that was done, in order.</summary>
    public IReadOnlyList<Effect> Effects => effects;

    /// <summary>The record of a key, whether it has expired or not.</summary>
    public StateRecord Read(ReadOnlySpan<byte> key) => lookup.TryGetValue(key, out Change change) ? change.Now : store.Read(key);

    /// <summary>Sets a record.</summary>
    public void Put(byte[] key, ulong revision, ulong expiryMs, ReadOnlySpan<byte> value) =>
        Write(key, new StateRecord(store.Keys.Group, key, revision, expiryMs, value));

    /// <summary>Removes a record.</summary>
    public void Remove(byte[] key) => Write(key, default);

    /// <summary>Puts the outcome into a batch of the engine: one write for each record that differs, and its place in the expiry index.</summary>
    public void WriteTo(StateBatch batch)
    {
        foreach ((byte[] key, Change change) in changes)
        {
            (StateRecord committed, StateRecord now) = (change.Committed, change.Now);
            if (now.RawRow is { } row)
            {
                batch.Put(store.Keys.Record(key), row);
            }
            else if (committed.Exists)
            {
                batch.Delete(store.Keys.Record(key));
            }

            if (committed.ExpiryMs == now.ExpiryMs)
            {
                continue;
            }

            if (committed.ExpiryMs != 0)
            {
                batch.Delete(store.Keys.Expiry(committed.ExpiryMs, key));
            }

            if (now.ExpiryMs != 0)
            {
                batch.Put(store.Keys.Expiry(now.ExpiryMs, key), default);
            }
        }
    }

    /// <summary>The batch is in the engine.</summary>
    public void Committed()
    {
        foreach ((byte[] key, Change change) in changes)
        {
            store.Written(key, change.Now);
        }

        changes.Clear();
        effects.Clear();
    }

    private void Write(byte[] key, StateRecord record)
    {
        StateRecord before;
        if (changes.TryGetValue(key, out Change change))
        {
            before = change.Now;
            changes[key] = change with { Now = record };
        }
        else
        {
            before = store.Read(key);
            changes.Add(key, new Change(before, record));
        }

        digests.Replace(DigestTable.BucketOf(key), before.Hash, record.Hash);
        effects.Add(new Effect(key, before, record));
    }
}
