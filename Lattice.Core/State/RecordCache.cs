using System.IO.Hashing;
using BitFaster.Caching;
using BitFaster.Caching.Lru;

namespace Lattice.Core.State;

/// <summary>
/// Recently used records of all groups of a node, as the engine holds them. Each group's loop reads and writes only its
/// own, after the engine's batch was written, so what is found is never older than the engine; a snapshot begins a
/// new epoch, under which nothing of the old state is found. Safe for use from several threads.
/// </summary>
public sealed class RecordCache
{
    // With the default capacity of 10,000 records this bounds the cache to 160 MiB; larger records are read from the engine,
    // where copying them outweighs finding them.
    internal const int LargestRecord = 16 << 10;

    // The least that the replacement policy works with.
    private const int SmallestCapacity = 3;

    private readonly ConcurrentLru<CacheKey, byte[]>? records;
    private readonly IAlternateLookup<CacheProbe, CacheKey, byte[]>? lookup;

    /// <summary>An empty cache.</summary>
    /// <param name="capacity">Records that it holds at most; 0: none.</param>
    public RecordCache(int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(capacity);
        if (capacity > 0)
        {
            records = new ConcurrentLru<CacheKey, byte[]>(Environment.ProcessorCount, Math.Max(SmallestCapacity, capacity), CacheKeyComparer.Instance);
            lookup = records.GetAlternateLookup<CacheProbe>();
        }
    }

    /// <summary>Records held now.</summary>
    public int Count => records?.Count ?? 0;

    internal bool TryGet(ulong scope, ReadOnlySpan<byte> key, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out byte[]? row)
    {
        row = null;
        return lookup is not null && lookup.TryGet(new CacheProbe(scope, key), out row);
    }

    internal void Set(ulong scope, byte[] key, byte[] row)
    {
        if (records is null)
        {
            return;
        }

        if (row.Length <= LargestRecord)
        {
            records.AddOrUpdate(new CacheKey(scope, key), row);
        }
        else
        {
            records.TryRemove(new CacheKey(scope, key));
        }
    }

    /// <summary>The first cached record of a scope, if any, that a check rejects.</summary>
    internal (byte[] Key, byte[] Row)? Find(ulong scope, Func<byte[], byte[], bool> isRejected)
    {
        foreach ((CacheKey key, byte[] row) in records ?? Enumerable.Empty<KeyValuePair<CacheKey, byte[]>>())
        {
            if (key.Scope == scope && isRejected(key.Key, row))
            {
                return (key.Key, row);
            }
        }

        return null;
    }

    /// <summary>Puts a copy with one bit flipped into the place of a cached record; null: none of the scope is cached.</summary>
    internal byte[]? FlipBit(ulong scope, Random random)
    {
        List<KeyValuePair<CacheKey, byte[]>> candidates = [.. (records ?? Enumerable.Empty<KeyValuePair<CacheKey, byte[]>>()).Where(r => r.Key.Scope == scope)];
        if (candidates.Count == 0)
        {
            return null;
        }

        (CacheKey key, byte[] row) = candidates[random.Next(candidates.Count)];
        byte[] flipped = [.. row];
        int bit = random.Next(8 * flipped.Length);
        flipped[bit / 8] ^= (byte)(1 << (bit % 8));
        records!.AddOrUpdate(key, flipped);
        return key.Key;
    }

    internal void Remove(ulong scope, byte[] key) => records?.TryRemove(new CacheKey(scope, key));

    // The scope is the group and its epoch.
    private readonly record struct CacheKey(ulong Scope, byte[] Key);

    private readonly ref struct CacheProbe(ulong scope, ReadOnlySpan<byte> key)
    {
        public readonly ulong Scope = scope;
        public readonly ReadOnlySpan<byte> Key = key;
    }

    private sealed class CacheKeyComparer : IEqualityComparer<CacheKey>, IAlternateEqualityComparer<CacheProbe, CacheKey>
    {
        public static CacheKeyComparer Instance { get; } = new();

        public bool Equals(CacheKey x, CacheKey y) => x.Scope == y.Scope && x.Key.AsSpan().SequenceEqual(y.Key);

        public int GetHashCode(CacheKey obj) => Hash(obj.Scope, obj.Key);

        public CacheKey Create(CacheProbe alternate) => new(alternate.Scope, alternate.Key.ToArray());

        public bool Equals(CacheProbe alternate, CacheKey other) => alternate.Scope == other.Scope && alternate.Key.SequenceEqual(other.Key);

        public int GetHashCode(CacheProbe alternate) => Hash(alternate.Scope, alternate.Key);

        private static int Hash(ulong scope, ReadOnlySpan<byte> key) => (int)XxHash3.HashToUInt64(key, (long)scope);
    }
}
