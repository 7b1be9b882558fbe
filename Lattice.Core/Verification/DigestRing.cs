using Lattice.Core.Consensus;

namespace Lattice.Core.Verification;

/// <summary>The digests after the latest entries, so that replicas that are not equally far find an index that both have passed.</summary>
internal sealed class DigestRing
{
    private const int Capacity = 8192;

    private readonly (LogPosition Entry, UInt128 Digest)[] digests = new (LogPosition, UInt128)[Capacity];

    /// <summary>The latest entry.</summary>
    public LogPosition Last { get; private set; }

    /// <summary>The earliest entry from which on every digest is known; 0: none is.</summary>
    public ulong First { get; private set; }

    /// <summary>Digest after the latest entry.</summary>
    public UInt128 LastDigest => digests[Last.Index % Capacity].Digest;

    public void Add(LogPosition entry, UInt128 digest)
    {
        bool follows = entry.Index == Last.Index + 1 && First > 0;
        First = !follows ? entry.Index : entry.Index - First >= Capacity ? entry.Index - Capacity + 1 : First;
        digests[entry.Index % Capacity] = (entry, digest);
        Last = entry;
    }

    /// <summary>The digest after an entry; false: it is not, or not any longer, known.</summary>
    public bool TryGet(ulong index, out LogPosition entry, out UInt128 digest)
    {
        (entry, digest) = digests[index % Capacity];
        return entry.Index == index && index > 0 && index <= Last.Index;
    }
}
