using HdrHistogram;

namespace Lattice.Bench.Load;

/// <summary>Latencies of one process's callers, in a form that another process can read: how often each value was seen, in microseconds.</summary>
internal sealed record Latencies(List<long> Values, List<long> Counts, long Errors)
{
    /// <summary>Longest latency that is told apart.</summary>
    public const long LongestMicroseconds = 60_000_000;

    /// <summary>What a histogram holds.</summary>
    public static Latencies Of(HistogramBase histogram, long errors)
    {
        var (values, counts) = (new List<long>(), new List<long>());
        foreach (var value in histogram.RecordedValues())
        {
            values.Add(value.ValueIteratedTo);
            counts.Add(value.CountAtValueIteratedTo);
        }

        return new Latencies(values, counts, errors);
    }

    /// <summary>What several processes measured in the same time, as one result.</summary>
    public static RoundResult Join(string work, string peer, IEnumerable<Latencies> parts, TimeSpan measured)
    {
        var all = new LongHistogram(1, LongestMicroseconds, 3);
        long errors = 0;
        foreach (Latencies part in parts)
        {
            errors += part.Errors;
            for (int i = 0; i < part.Values.Count; i++)
            {
                all.RecordValueWithCount(part.Values[i], part.Counts[i]);
            }
        }

        return new RoundResult(work, peer, all.TotalCount / measured.TotalSeconds, all.GetValueAtPercentile(50), all.GetValueAtPercentile(99), all.GetValueAtPercentile(99.9), errors);
    }
}
