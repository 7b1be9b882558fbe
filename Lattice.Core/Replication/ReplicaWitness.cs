using System.Buffers.Binary;
using System.IO.Hashing;
using Lattice.Core.Consensus;
using Lattice.Core.State;
using Lattice.Core.Verification;

namespace Lattice.Core.Replication;

/// <summary>What a node's own replica says about a divergence that was found on this or another node.</summary>
internal static class ReplicaWitness
{
    /// <summary>What the replica knows of the entries in question. In its loop.</summary>
    public static (UInt128? Digest, UInt128? EntryHash) Of(Replica replica, TestimonyQuestion question) =>
        (replica.DigestAt(question.DigestAt), question.Entry > 0 && replica.ReadEntry(question.Entry) is { } entry ? HashOf(entry) : null);

    /// <summary>Whether this node has the same fault: it was found here too, or the records that are damaged there are damaged here.</summary>
    /// <param name="question">What was found there.</param>
    /// <param name="found">What was found here; null: nothing.</param>
    /// <param name="view">The group's state here; null: there is none.</param>
    public static bool IsAffected(TestimonyQuestion question, Divergence? found, GroupSnapshot? view)
    {
        bool isOfEntry = question.Kind is DivergenceKind.Effects or DivergenceKind.PeerDigest;
        if (found is not null && found.Group == question.Group && found.Kind == question.Kind && (!isOfEntry || found.Entry.Index == question.Entry))
        {
            return true;
        }

        return view is not null && question.Keys.Any(key => view.IsDamaged(key.Span));
    }

    // Not the check that the entry carries: that is of what was proposed, whatever became of it since.
    private static UInt128 HashOf(Entry entry)
    {
        Span<byte> position = stackalloc byte[(2 * sizeof(ulong)) + 1];
        BinaryPrimitives.WriteUInt64LittleEndian(position, entry.Index);
        BinaryPrimitives.WriteUInt64LittleEndian(position[sizeof(ulong)..], entry.Term);
        position[^1] = (byte)entry.Kind;
        return XxHash128.HashToUInt128(entry.Data.Span, (long)XxHash3.HashToUInt64(position));
    }
}
