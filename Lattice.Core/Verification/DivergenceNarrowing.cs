using Lattice.Core.Consensus;
using Lattice.Core.State;

namespace Lattice.Core.Verification;

/// <summary>Narrows what is known of a divergence with the help of a healthy replica.</summary>
public static class DivergenceNarrowing
{
    /// <summary>What to ask a healthy replica.</summary>
    public static BucketQuestion Ask(GroupSnapshot own) => BucketComparison.Ask(own);

    /// <summary>Puts in what its answer shows.</summary>
    public static Divergence Narrow(Divergence divergence, GroupSnapshot own, BucketQuestion question, BucketAnswer answer)
    {
        ArgumentNullException.ThrowIfNull(divergence);
        ArgumentNullException.ThrowIfNull(own);
        ArgumentNullException.ThrowIfNull(question);
        ArgumentNullException.ThrowIfNull(answer);
        // What the check named counts for more than what the comparison finds beside it.
        var named = divergence.Records.ToDictionary(r => r.Key.ToArray(), ByteKeyComparer.Instance);
        var compared = BucketComparison.CompareUncommitted(divergence.Uncommitted, answer).Concat(BucketComparison.Compare(own, answer)).ToList();
        List<DivergentRecord> records =
        [
            .. named.Values.Select(r => r.IsExpectedKnown ? r : compared.Find(c => c.Key.Span.SequenceEqual(r.Key.Span)) is { } found ? r with { Expected = found.Expected, IsExpectedKnown = true } : r),
            .. compared.Where(c => !named.ContainsKey(c.Key.ToArray())),
        ];
        bool isWholeStateSound = true;
        try
        {
            StateCheck.Run(own, divergence.Phase);
        }
        catch (StateDivergenceException)
        {
            isWholeStateSound = false;
        }

        return divergence with
        {
            Records = records,
            Buckets = BucketsOf(divergence, records, new Sums(question, answer, own.ReadDigests())),
            Checks = divergence.Checks with { StoredDigestAgreesWithRows = isWholeStateSound, RecordChecksumsHold = records.All(r => r.Own is not { } row || BucketComparison.IsCut(row.Span) || StateRecord.IsSound(own.Group, r.Key.Span, row.Span)) },
        };
    }

    private readonly record struct Sums(BucketQuestion Question, BucketAnswer Answer, DigestTable Stored);

    private static IReadOnlyList<DivergentBucket> BucketsOf(Divergence divergence, List<DivergentRecord> records, Sums sums)
    {
        if (divergence.Kind == DivergenceKind.StoredDigest && divergence.Buckets.Count > 0)
        {
            // The check that found it knows both sides.
            return divergence.Buckets;
        }

        IEnumerable<int> numbers = records.Count > 0 ? records.Select(r => DigestTable.BucketOf(r.Key.Span)).Distinct().Order() : divergence.Buckets.Select(b => b.Bucket);
        return [.. numbers.Select(number => new DivergentBucket(number, sums.Question.Buckets[number], Expected(number, divergence.Kind, sums)))];
    }

    /// <summary>What the healthy replica has counts when it stands at the same entry; what is stored here counts when it is the rows that are known to be wrong.</summary>
    private static UInt128? Expected(int number, DivergenceKind kind, Sums sums)
    {
        if (sums.Answer.Applied == sums.Question.Applied && sums.Answer.Digests is { } theirs)
        {
            int at = sums.Answer.Buckets.ToList().IndexOf(number);
            return at < 0 ? sums.Question.Buckets[number] : theirs[at];
        }

        return kind == DivergenceKind.RecordChecksum ? sums.Stored.Sums[number] : null;
    }

    /// <summary>The command of an entry that wrote one of the records; null: none did.</summary>
    public static ReportedCommand? FindCommand(Entry entry, IReadOnlyList<DivergentRecord> records)
    {
        ArgumentNullException.ThrowIfNull(entry);
        ArgumentNullException.ThrowIfNull(records);
        return records.Select(r => CommandLookup.Find(entry, r.Key.Span)).FirstOrDefault(command => command is not null);
    }
}
