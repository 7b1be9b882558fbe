namespace Lattice.Core.Telemetry;

/// <summary>
/// The load of a node over the last quarter of an hour, in a ring of fixed size: every <see cref="Interval"/> the difference between what the tally
/// counted then and before.
/// </summary>
public sealed class LoadHistory(RequestTally tally, TimeProvider time)
{
    /// <summary>Samples that are kept: a quarter of an hour.</summary>
    public const int Capacity = 450;

    private readonly Lock gate = new();
    private readonly LoadSample[] ring = new LoadSample[Capacity];
    private readonly long[] interval = new long[LatencyBuckets.Count];
    private RequestTotals before = new();
    private RequestTotals now = new();
    private long sampledAt = time.GetTimestamp();
    private long count;

    /// <summary>How often to sample.</summary>
    public static TimeSpan Interval { get; } = TimeSpan.FromSeconds(2);

    /// <summary>Adds what came since the last sample.</summary>
    public void Sample()
    {
        lock (gate)
        {
            long timestamp = time.GetTimestamp();
            double seconds = time.GetElapsedTime(sampledAt, timestamp).TotalSeconds;
            if (seconds <= 0)
            {
                return;
            }

            tally.CopyTo(now);
            ring[count % Capacity] = new LoadSample(
                Moment(),
                (now.Writes - before.Writes) / seconds,
                (now.Reads - before.Reads) / seconds,
                (now.Failures - before.Failures) / seconds,
                Quantile(now.WriteLatencies, before.WriteLatencies, 0.5),
                Quantile(now.WriteLatencies, before.WriteLatencies, 0.99),
                Quantile(now.ReadLatencies, before.ReadLatencies, 0.5),
                Quantile(now.ReadLatencies, before.ReadLatencies, 0.99));
            count++;
            sampledAt = timestamp;
            (before, now) = (now, before);
        }
    }

    /// <summary>The samples after a moment, oldest first.</summary>
    /// <param name="after">Milliseconds since 1970; 0: all.</param>
    public IReadOnlyList<LoadSample> Since(long after)
    {
        lock (gate)
        {
            var samples = new List<LoadSample>();
            for (long i = Math.Max(0, count - Capacity); i < count; i++)
            {
                LoadSample sample = ring[i % Capacity];
                if (sample.At > after)
                {
                    samples.Add(sample);
                }
            }

            return samples;
        }
    }

    /// <summary>Rounded, so that the samples of several nodes can be added up.</summary>
    private long Moment()
    {
        long step = (long)Interval.TotalMilliseconds;
        return (time.GetUtcNow().ToUnixTimeMilliseconds() + (step / 2)) / step * step;
    }

    private double Quantile(long[] end, long[] begin, double quantile)
    {
        for (int i = 0; i < interval.Length; i++)
        {
            interval[i] = end[i] - begin[i];
        }

        return LatencyBuckets.Quantile(interval, quantile);
    }
}
