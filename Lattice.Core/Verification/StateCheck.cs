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
        using (IStateCursor cursor = view.Rows())
        {
            while (cursor.Next())
            {
                var kind = (RowKind)cursor.Key[StateKeys.PrefixSize - 1];
                ReadOnlySpan<byte> key = cursor.Key[StateKeys.PrefixSize..];
                if (kind == RowKind.Record && !StateRecord.IsSound(header.Group, key, cursor.Value))
                {
                    throw RecordDamaged(header, phase, key.ToArray(), cursor.Value.ToArray(), view.ReadAgain(key));
                }

                computed.Add(kind, key, cursor.Value);
                pace?.Invoke(cursor.Key.Length + cursor.Value.Length);
            }
        }

        DigestTable stored = view.ReadDigests();
        var different = new List<int>();
        for (int bucket = 0; bucket < DigestTable.Buckets; bucket++)
        {
            if (computed.Sums[bucket] != stored.Sums[bucket])
            {
                different.Add(bucket);
            }
        }

        if (different.Count > 0 || computed.Total(header.Meta.Revision, header.Meta.ClockMs) != header.Meta.Digest)
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

    private static StateDivergenceException RecordDamaged(SnapshotHeader header, DivergencePhase phase, byte[] key, byte[] row, byte[]? again)
    {
        bool isSoundNow = again is not null && StateRecord.IsSound(header.Group, key, again);
        return new StateDivergenceException(new Divergence
        {
            Kind = DivergenceKind.RecordChecksum,
            Phase = phase,
            Group = header.Group,
            Entry = header.Meta.Applied,
            Message = $"A record of group {header.Group} in the state is not what was written.",
            Buckets = [DigestTable.BucketOf(key)],
            Records = [new DivergentRecord(key, row, isSoundNow ? again : null, isSoundNow)],
            Checks = new DivergenceChecks { ReadRepeatedAgrees = isSoundNow, RecordChecksumsHold = false },
        });
    }
}
