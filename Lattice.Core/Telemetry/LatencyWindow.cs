using System.Numerics;

namespace Lattice.Core.Telemetry;

/// <summary>
/// Quantiles of what was measured in the last minute, to within an eighth of the value. Recording allocates nothing and locks nothing; any thread.
/// </summary>
public sealed class LatencyWindow(TimeProvider time)
{
    private const int SubBuckets = 8;
    private const int Buckets = 64 * SubBuckets;
    private const int Slots = 6;
    private static readonly TimeSpan SlotTime = TimeSpan.FromSeconds(10);

    private readonly Slot[] slots = [.. Enumerable.Range(0, Slots).Select(_ => new Slot())];
    private readonly long start = time.GetTimestamp();

    /// <summary>Records a value.</summary>
    public void Record(ulong value)
    {
        Slot slot = Current(out long number);
        if (Interlocked.Exchange(ref slot.Number, number) != number)
        {
            // What is recorded at this moment by others may be lost with the old values: a few of very many.
            Array.Clear(slot.Counts);
        }

        Interlocked.Increment(ref slot.Counts[BucketOf(value)]);
    }

    /// <summary>A quantile of the last minute; 0 when nothing was recorded.</summary>
    /// <param name="quantile">From 0 to 1.</param>
    public double Quantile(double quantile)
    {
        _ = Current(out long now);
        long[] sums = new long[Buckets];
        long total = 0;
        foreach (Slot slot in slots)
        {
            if (now - Interlocked.Read(ref slot.Number) < Slots)
            {
                for (int i = 0; i < Buckets; i++)
                {
                    sums[i] += slot.Counts[i];
                    total += slot.Counts[i];
                }
            }
        }

        long rank = (long)Math.Ceiling(quantile * total);
        for (int i = 0; i < Buckets && total > 0; i++)
        {
            rank -= sums[i];
            if (rank <= 0)
            {
                return UpperEnd(i);
            }
        }

        return 0;
    }

    private static int BucketOf(ulong value)
    {
        if (value < SubBuckets)
        {
            return (int)value;
        }

        int exponent = BitOperations.Log2(value);
        return ((exponent - 2) * SubBuckets) + (int)((value >> (exponent - 3)) & (SubBuckets - 1));
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

    private Slot Current(out long number)
    {
        number = time.GetElapsedTime(start).Ticks / SlotTime.Ticks;
        return slots[number % Slots];
    }

    private sealed class Slot
    {
        public readonly long[] Counts = new long[Buckets];
        public long Number = long.MinValue / 2;
    }
}
