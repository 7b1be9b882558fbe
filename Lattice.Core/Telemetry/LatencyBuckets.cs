using System.Numerics;

namespace Lattice.Core.Telemetry;

/// <summary>The buckets in which latencies are counted: eight for each power of two, so that a quantile is right to within an eighth.</summary>
internal static class LatencyBuckets
{
    /// <summary>How many there are.</summary>
    public const int Count = 64 * SubBuckets;

    private const int SubBuckets = 8;

    /// <summary>The bucket of a value.</summary>
    public static int Of(ulong value)
    {
        if (value < SubBuckets)
        {
            return (int)value;
        }

        int exponent = BitOperations.Log2(value);
        return ((exponent - 2) * SubBuckets) + (int)((value >> (exponent - 3)) & (SubBuckets - 1));
    }

    /// <summary>A quantile of what was counted; 0 when nothing was.</summary>
    /// <param name="counts">One for each bucket.</param>
    /// <param name="quantile">From 0 to 1.</param>
    public static double Quantile(ReadOnlySpan<long> counts, double quantile)
    {
        long total = 0;
        foreach (long count in counts)
        {
            total += count;
        }

        long rank = (long)Math.Ceiling(quantile * total);
        for (int i = 0; i < counts.Length && total > 0; i++)
        {
            rank -= counts[i];
            if (rank <= 0)
            {
                return UpperEnd(i);
            }
        }

        return 0;
    }

    private static double UpperEnd(int bucket)
    {
        if (bucket < SubBuckets)
        {
            return bucket;
        }

        int exponent = (bucket / SubBuckets) + 2;
        return ((1UL << exponent) + ((ulong)((bucket % SubBuckets) + 1) << (exponent - 3))) - 1;
    }
}
