using System.IO.Hashing;
using System.Runtime.InteropServices;
using Lattice.Core.Consensus;

namespace Lattice.Core.State;

/// <summary>
/// The hash of one row of a group's state, 128 bits: what a record carries to vouch for itself, and what digests are sums of
/// (<c>docs/verification.md</c>). Part of the format of the state and of snapshots.
/// </summary>
internal static class RowHash
{
    /// <summary>Hash of a row.</summary>
    /// <param name="group">The group.</param>
    /// <param name="kind">Kind of the row.</param>
    /// <param name="key">Its key after group, epoch and kind.</param>
    /// <param name="content">Its value; of a record what follows the hash: revision, expiry, value.</param>
    public static UInt128 Of(uint group, RowKind kind, ReadOnlySpan<byte> key, ReadOnlySpan<byte> content)
    {
        ulong keyHash = XxHash3.HashToUInt64(key, (long)(((ulong)kind << 32) | group));
        return XxHash128.HashToUInt128(content, (long)keyHash);
    }

    /// <summary>
    /// Hash of what a group's state counts: the last entry applied, revision and clock. With the entry in it, rows that stand for an earlier entry than
    /// the state says do not have its digest.
    /// </summary>
    public static UInt128 OfCounters(uint group, LogPosition applied, ulong revision, ulong clockMs)
    {
        ReadOnlySpan<ulong> counters = [applied.Index, applied.Term, revision, clockMs];
        return Of(group, RowKind.Meta, default, MemoryMarshal.AsBytes(counters));
    }
}
