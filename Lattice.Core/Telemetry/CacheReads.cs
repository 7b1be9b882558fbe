namespace Lattice.Core.Telemetry;

/// <summary>Reads of a group's records that the cache answered, and that it could not. The group's loop alone writes, anybody reads.</summary>
internal sealed class CacheReads
{
    private long hits;
    private long misses;

    public long Hits => Volatile.Read(ref hits);

    public long Misses => Volatile.Read(ref misses);

    public void Hit() => Volatile.Write(ref hits, hits + 1);

    public void Miss() => Volatile.Write(ref misses, misses + 1);
}
