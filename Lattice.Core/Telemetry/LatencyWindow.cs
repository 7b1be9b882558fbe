namespace Lattice.Core.Telemetry;

/// <summary>
/// Quantiles of what was measured in the last minute, to within an eighth of the value. Recording allocates nothing and locks nothing; any thread.
/// </summary>
internal sealed class LatencyWindow(TimeProvider time)
{
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

        Interlocked.Increment(ref slot.Counts[LatencyBuckets.Of(value)]);
    }

    /// <summary>A quantile of the last minute; 0 when nothing was recorded.</summary>
    /// <param name="quantile">From 0 to 1.</param>
    public double Quantile(double quantile)
    {
        _ = Current(out long now);
        long[] sums = new long[LatencyBuckets.Count];
        foreach (Slot slot in slots)
        {
            if (now - Interlocked.Read(ref slot.Number) < Slots)
            {
                for (int i = 0; i < sums.Length; i++)
                {
                    sums[i] += slot.Counts[i];
                }
            }
        }

        return LatencyBuckets.Quantile(sums, quantile);
    }

    private Slot Current(out long number)
    {
        number = time.GetElapsedTime(start).Ticks / SlotTime.Ticks;
        return slots[number % Slots];
    }

    private sealed class Slot
    {
        public readonly long[] Counts = new long[LatencyBuckets.Count];
        public long Number = long.MinValue / 2;
    }
}
