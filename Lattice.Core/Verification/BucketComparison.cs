using Lattice.Core.State;

namespace Lattice.Core.Verification;

/// <summary>What a replica that was found to be wrong asks a healthy one: its digests, and up to where its state goes.</summary>
/// <param name="Group">The group.</param>
/// <param name="Applied">Last entry applied.</param>
/// <param name="Revision">Revision of its state: what a record with a later one says is no difference.</param>
/// <param name="Buckets">Digest of every bucket, of the rows as they are.</param>
public sealed record BucketQuestion(uint Group, ulong Applied, ulong Revision, IReadOnlyList<UInt128> Buckets);

/// <summary>A record of a bucket that differs.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Row">Its row: hash, revision, expiry and value, the value cut.</param>
/// <param name="Revision">Its revision.</param>
public sealed record BucketRecord(ReadOnlyMemory<byte> Key, ReadOnlyMemory<byte> Row, ulong Revision);

/// <summary>What the healthy replica answers.</summary>
/// <param name="Applied">Last entry applied.</param>
/// <param name="Revision">Revision of its state.</param>
/// <param name="Digest">Digest of its state.</param>
/// <param name="Buckets">Buckets whose digests differ.</param>
/// <param name="Records">The records of those buckets.</param>
/// <param name="IsComplete">Whether those are all.</param>
public sealed record BucketAnswer(ulong Applied, ulong Revision, UInt128 Digest, IReadOnlyList<int> Buckets, IReadOnlyList<BucketRecord> Records, bool IsComplete)
{
    /// <summary>What the healthy replica has for each of <see cref="Buckets"/>; null: it did not say.</summary>
    public IReadOnlyList<UInt128>? Digests { get; init; }
}

/// <summary>
/// Narrows a difference between two replicas to buckets, and those to records, beside the healthy replica's work: it answers from a view of its
/// state, which may have gone on since. Records that were written later than the asker's state are no differences.
/// </summary>
internal static class BucketComparison
{
    private const int MostRecords = 4096;
    private const int LongestRow = StateRecord.HeaderSize + 4096;

    /// <summary>The question of a replica about its own state.</summary>
    public static BucketQuestion Ask(GroupSnapshot own) =>
        new(own.Group, own.Header.Meta.Applied.Index, own.Header.Meta.Revision, ComputeSums(own));

    /// <summary>The answer of another replica.</summary>
    public static BucketAnswer Answer(GroupSnapshot own, BucketQuestion question)
    {
        ReadOnlySpan<UInt128> sums = own.ReadDigests().Sums;
        var buckets = new List<int>();
        for (int i = 0; i < Math.Min(sums.Length, question.Buckets.Count); i++)
        {
            if (sums[i] != question.Buckets[i])
            {
                buckets.Add(i);
            }
        }

        (List<BucketRecord> records, bool isComplete) = RecordsOf(own, [.. buckets]);
        GroupMeta meta = own.Header.Meta;
        UInt128[] digests = new UInt128[buckets.Count];
        for (int i = 0; i < digests.Length; i++)
        {
            digests[i] = sums[buckets[i]];
        }

        return new BucketAnswer(meta.Applied.Index, meta.Revision, meta.Digest, buckets, records, isComplete) { Digests = digests };
    }

    /// <summary>The records that differ.</summary>
    public static IReadOnlyList<DivergentRecord> Compare(GroupSnapshot own, BucketAnswer answer)
    {
        ulong revision = own.Header.Meta.Revision;
        var theirs = answer.Records.ToDictionary(r => r.Key.ToArray(), ByteKeyComparer.Instance);
        var different = new List<DivergentRecord>();
        (List<BucketRecord> records, bool isComplete) = RecordsOf(own, [.. answer.Buckets]);

        // Where either side breaks off, what lies behind is not known to be missing.
        BucketRecord? theirEnd = answer.IsComplete || answer.Records.Count == 0 ? null : answer.Records[^1];
        BucketRecord? ownEnd = isComplete ? null : records[^1];
        foreach (BucketRecord record in records)
        {
            if (!theirs.Remove(record.Key.ToArray(), out BucketRecord? expected))
            {
                // Removed there since, unless it has stood still there.
                if (answer.Applied == own.Header.Meta.Applied.Index && !IsBehind(record, theirEnd))
                {
                    different.Add(new DivergentRecord(record.Key, record.Row, null, IsExpectedKnown: true));
                }
            }
            else if (expected.Revision <= revision && !IsSame(own, record, expected))
            {
                different.Add(new DivergentRecord(record.Key, record.Row, expected.Row, IsExpectedKnown: true));
            }
        }

        foreach (BucketRecord missing in theirs.Values)
        {
            if (missing.Revision <= revision && !IsBehind(missing, ownEnd))
            {
                different.Add(new DivergentRecord(missing.Key, null, missing.Row, IsExpectedKnown: true));
            }
        }

        return different;
    }

    /// <summary>Whether a row was cut, so that its hash cannot be recomputed.</summary>
    public static bool IsCut(ReadOnlySpan<byte> row) => row.Length >= LongestRow;

    private static bool IsBehind(BucketRecord record, BucketRecord? end) => end is not null && record.Key.Span.SequenceCompareTo(end.Key.Span) > 0;

    // What was cut off does not show in the rows. The hash that a sound row carries stands for it; an unsound one is a difference.
    private static bool IsSame(GroupSnapshot own, BucketRecord record, BucketRecord expected) =>
        expected.Row.Span.SequenceEqual(record.Row.Span) && (!IsCut(record.Row.Span) || own.IsSound(record.Key.Span));

    /// <summary>Which records that were about to be written are not those that the healthy replica has under the same revision.</summary>
    public static IEnumerable<DivergentRecord> CompareUncommitted(IReadOnlyList<DivergentRecord> uncommitted, BucketAnswer answer)
    {
        var theirs = answer.Records.ToDictionary(r => r.Key.ToArray(), ByteKeyComparer.Instance);
        foreach (DivergentRecord record in uncommitted)
        {
            ReadOnlyMemory<byte> own = record.Own!.Value;
            own = own[..Math.Min(own.Length, LongestRow)];
            if (theirs.TryGetValue(record.Key.ToArray(), out BucketRecord? expected) && expected.Revision == new RowView(own.Span).Revision && !expected.Row.Span.SequenceEqual(own.Span))
            {
                yield return new DivergentRecord(record.Key, own, expected.Row, IsExpectedKnown: true);
            }
        }
    }

    // Not the stored digests: those may be what is wrong.
    private static UInt128[] ComputeSums(GroupSnapshot own)
    {
        var table = new DigestTable(own.Group);
        table.SetConfiguration(own.Header.Configuration);
        using IStateCursor cursor = own.Rows();
        while (cursor.Next())
        {
            table.Add((RowKind)cursor.Key[StateKeys.PrefixSize - 1], cursor.Key[StateKeys.PrefixSize..], cursor.Value);
        }

        return table.Sums.ToArray();
    }

    private static (List<BucketRecord> Records, bool IsComplete) RecordsOf(GroupSnapshot own, HashSet<int> buckets)
    {
        var records = new List<BucketRecord>();
        if (buckets.Count == 0)
        {
            return (records, true);
        }

        using IStateCursor cursor = own.Rows();
        while (cursor.Next() && (RowKind)cursor.Key[StateKeys.PrefixSize - 1] == RowKind.Record)
        {
            ReadOnlySpan<byte> key = cursor.Key[StateKeys.PrefixSize..];
            if (!buckets.Contains(DigestTable.BucketOf(key)) || cursor.Value.Length < StateRecord.HeaderSize)
            {
                continue;
            }

            if (records.Count == MostRecords)
            {
                return (records, false);
            }

            records.Add(new BucketRecord(key.ToArray(), cursor.Value[..Math.Min(cursor.Value.Length, LongestRow)].ToArray(), new RowView(cursor.Value).Revision));
        }

        return (records, true);
    }
}
