namespace Lattice.Core.State;

/// <summary>
/// Which records expire next: the expiry index in the engine, and above it what the entries under execution added. Only
/// hints live in memory, and no result depends on them.
/// </summary>
internal sealed class ExpiryIndex(RecordStore store)
{
    private readonly SortedSet<(ulong ExpiryMs, byte[] Key)> added = new(ByExpiry.Instance);

    // Everything below it is gone, and nothing is added below it, since it is never ahead of the clock: cursors begin here and so do
    // not walk over what was removed before.
    private ulong floor;

    /// <summary>No record expires before this; null when none expires at all.</summary>
    public ulong? NextMs { get; private set; }

    /// <summary>Finds the first expiry in the engine.</summary>
    public void Load()
    {
        using IStateCursor cursor = Cursor();
        NextMs = cursor.Next() ? StateKeys.ReadExpiry(cursor.Key, out _) : null;
    }

    /// <summary>A record with an expiry was put.</summary>
    public void Added(ulong expiryMs, byte[] key)
    {
        added.Add((expiryMs, key));
        NextMs = NextMs is { } next ? Math.Min(next, expiryMs) : expiryMs;
    }

    /// <summary>What was added is in the engine now.</summary>
    public void Committed() => added.Clear();

    /// <summary>
    /// Removes what has expired, in order of expiry and key, at most so many: the same on every replica, however the entries were
    /// grouped for it.
    /// </summary>
    public void Expire(ulong clockMs, int most, UncommittedRecords records)
    {
        if (NextMs is not { } next || next > clockMs)
        {
            return;
        }

        using IStateCursor cursor = Cursor();
        using SortedSet<(ulong ExpiryMs, byte[] Key)>.Enumerator fresh = added.GetEnumerator();
        bool moreStored = cursor.Next();
        bool moreFresh = fresh.MoveNext();
        int removed = 0;
        while (moreStored || moreFresh)
        {
            (ulong expiry, byte[] key) = moreStored ? Read(cursor) : fresh.Current;
            if (moreStored && moreFresh && ByExpiry.Instance.Compare(fresh.Current, (expiry, key)) < 0)
            {
                (expiry, key) = fresh.Current;
                moreFresh = fresh.MoveNext();
            }
            else if (moreStored)
            {
                moreStored = cursor.Next();
            }
            else
            {
                moreFresh = fresh.MoveNext();
            }

            // What the engine's index or the additions name may have been overwritten or removed by entries not committed yet.
            if (records.Read(key).ExpiryMs != expiry)
            {
                continue;
            }

            if (expiry > clockMs || removed == most)
            {
                NextMs = expiry;
                floor = Math.Min(expiry, clockMs);
                return;
            }

            records.Remove(key);
            removed++;
        }

        NextMs = null;
        floor = clockMs;
    }

    private static (ulong ExpiryMs, byte[] Key) Read(IStateCursor cursor)
    {
        ulong expiry = StateKeys.ReadExpiry(cursor.Key, out ReadOnlySpan<byte> key);
        return (expiry, key.ToArray());
    }

    private IStateCursor Cursor() => store.Engine.Cursor(store.Keys.Expiry(floor, default).ToArray(), store.Keys.End(RowKind.Expiry));

    private sealed class ByExpiry : IComparer<(ulong ExpiryMs, byte[] Key)>
    {
        public static ByExpiry Instance { get; } = new();

        public int Compare((ulong ExpiryMs, byte[] Key) x, (ulong ExpiryMs, byte[] Key) y)
        {
            int byTime = x.ExpiryMs.CompareTo(y.ExpiryMs);
            return byTime != 0 ? byTime : x.Key.AsSpan().SequenceCompareTo(y.Key);
        }
    }
}
