namespace Lattice.Core.Consensus;

/// <summary>The appends under way to one follower, oldest first: a ring of fixed capacity that also counts bytes.</summary>
internal sealed class Inflights(int capacity, long maxBytes)
{
    private readonly (ulong Last, int Bytes)[] ring = new (ulong, int)[capacity];
    private int start;
    private long bytes;

    public int Count { get; private set; }

    /// <summary>Whether nothing more may be sent. One append always fits, however large.</summary>
    public bool IsFull => Count == ring.Length || (Count > 0 && bytes >= maxBytes);

    /// <summary>Notes an append that ends with entry <paramref name="last"/>.</summary>
    public void Add(ulong last, int size)
    {
        if (Count == ring.Length)
        {
            throw new InvalidOperationException($"An append was sent although {Count} are under way.");
        }

        ring[(start + Count) % ring.Length] = (last, size);
        Count++;
        bytes += size;
    }

    /// <summary>Forgets the appends that end at or before <paramref name="index"/>.</summary>
    public void FreeUpTo(ulong index)
    {
        while (Count > 0 && ring[start].Last <= index)
        {
            FreeFirst();
        }
    }

    /// <summary>Forgets the oldest append, so that one more can be tried on a follower that is alive but silent about it.</summary>
    public void FreeFirst()
    {
        if (Count > 0)
        {
            bytes -= ring[start].Bytes;
            start = (start + 1) % ring.Length;
            Count--;
        }
    }

    public void Clear()
    {
        start = 0;
        Count = 0;
        bytes = 0;
    }
}
