using Lattice.Core.Consensus;
using Lattice.Core.Replication;

namespace Lattice.Core.Verification;

/// <summary>What a replica says of its state to somebody who compares replicas: at which entries it can be compared, and its digest at one of them. Immutable.</summary>
public sealed record DigestSample
{
    /// <summary>The node.</summary>
    public required int Node { get; init; }

    /// <summary>Its incarnation.</summary>
    public required ulong Incarnation { get; init; }

    /// <summary>How its state stands to those of the others, as it knows itself.</summary>
    public required VerificationState State { get; init; }

    /// <summary>Its term.</summary>
    public ulong Term { get; init; }

    /// <summary>The members as it knows them.</summary>
    public Configuration Members { get; init; } = Configuration.Empty;

    /// <summary>First entry after which its digest is known.</summary>
    public ulong First { get; init; }

    /// <summary>Last entry after which its digest is known; 0: none.</summary>
    public ulong Last { get; init; }

    /// <summary>The entry that was asked for.</summary>
    public ulong Index { get; init; }

    /// <summary>Digest after that entry, which says its term too; null: not known.</summary>
    public UInt128? Digest { get; init; }

    /// <summary>Whether it can be compared at an entry.</summary>
    public bool Covers(ulong index) => Last > 0 && index >= First && index <= Last;

    /// <summary>Takes the sample, in the replica's loop. One that compares nothing knows no more than the digest of its present state.</summary>
    internal static DigestSample Take(int node, ulong incarnation, ReplicaStatus now, DigestRing? digests, ulong index)
    {
        UInt128? digest = null;
        if (digests is null)
        {
            digest = index == now.Applied.Index ? now.Digest : null;
        }
        else if (digests.TryGet(index, out _, out UInt128 known))
        {
            digest = known;
        }

        return new DigestSample
        {
            Node = node,
            Incarnation = incarnation,
            State = now.Verification,
            Term = now.Term,
            Members = now.Configuration,
            First = digests?.First ?? now.Applied.Index,
            Last = digests?.Last.Index ?? now.Applied.Index,
            Index = index,
            Digest = digest,
        };
    }
}
