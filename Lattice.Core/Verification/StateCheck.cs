using Lattice.Core.State;

namespace Lattice.Core.Verification;

/// <summary>
/// Recomputes the digests of a group's state from its rows and compares them with the stored ones: finds what changed on the disk, what was lost, and what was
/// never written. Reads a view that does not change, beside the group's work.
/// </summary>
internal static class StateCheck
{
    /// <summary>Checks a view of a group's state.</summary>
    /// <param name="view">The view.</param>
    /// <param name="phase">What is under way.</param>
    /// <param name="pace">Called with the bytes of each row that was read; may wait.</param>
    /// <exception cref="StateDivergenceException">The rows are not those that were written.</exception>
    public static void Run(GroupSnapshot view, DivergencePhase phase, Action<int>? pace = null)
    {
        SnapshotHeader header = view.Header;
        if (header.Meta.Applied.Index == 0)
        {
            // Nothing was ever written.
            return;
        }

        view.CheckMeta();
        var computed = new DigestTable(header.Group);
        computed.SetConfiguration(header.Configuration);

        // For each bucket what the records say of their lives, less what the index says.
        var lives = new UInt128[DigestTable.Buckets];
        using (IStateCursor cursor = view.Rows())
        {
            while (cursor.Next())
            {
                var kind = (RowKind)cursor.Key[StateKeys.PrefixSize - 1];
                ReadOnlySpan<byte> key = cursor.Key[StateKeys.PrefixSize..];
                if (!computed.Add(kind, key, cursor.Value))
                {
                    throw view.RecordDamaged(phase, key, cursor.Value);
                }

                if (kind == RowKind.Record && new RowView(cursor.Value).ExpiryMs is > 0 and ulong expiry)
                {
                    lives[DigestTable.BucketOf(key)] += HashOfLife(header.Group, key, expiry);
                }

                pace?.Invoke(cursor.Key.Length + cursor.Value.Length);
            }
        }

        AddExpiryIndex(view, lives, pace);

        DigestTable stored = view.ReadDigests();
        var different = new List<DivergentBucket>();
        for (int bucket = 0; bucket < DigestTable.Buckets; bucket++)
        {
            if (computed.Sums[bucket] != stored.Sums[bucket] || lives[bucket] != UInt128.Zero)
            {
                different.Add(new DivergentBucket(bucket, stored.Sums[bucket], computed.Sums[bucket]));
            }
        }

        if (different.Count > 0 || computed.Total(header.Meta.Applied, header.Meta.Revision, header.Meta.ClockMs) != header.Meta.Digest)
        {
            throw new StateDivergenceException(new Divergence
            {
                Kind = DivergenceKind.StoredDigest,
                Phase = phase,
                Group = header.Group,
                Entry = header.Meta.Applied,
                Message = different.Count > 0
                    ? $"The rows of group {header.Group} in {different.Count} buckets do not have the digests that are stored with them: rows are missing, too many, or older than they should be."
                    : $"The digest of group {header.Group} at entry {header.Meta.Applied.Index} is not the one that is stored with it.",
                Buckets = different,
                Checks = new DivergenceChecks { StoredDigestAgreesWithRows = false, RecordChecksumsHold = true },
            });
        }
    }

    /// <summary>The index follows from the records. A place that is missing there would let a record live for ever on this replica.</summary>
    private static void AddExpiryIndex(GroupSnapshot view, UInt128[] lives, Action<int>? pace)
    {
        using IStateCursor cursor = view.Expiries();
        while (cursor.Next())
        {
            ulong expiry = StateKeys.ReadExpiry(cursor.Key, out ReadOnlySpan<byte> key);
            lives[DigestTable.BucketOf(key)] -= HashOfLife(view.Group, key, expiry);
            pace?.Invoke(cursor.Key.Length);
        }
    }

    private static UInt128 HashOfLife(uint group, ReadOnlySpan<byte> key, ulong expiryMs) => RowHash.Of(group, RowKind.Expiry, key, BitConverter.GetBytes(expiryMs));
}
