using HdrHistogram;

namespace Lattice.Cli.Benchmark;

/// <summary>What was measured; the shape of <c>lattice benchmark --json</c>.</summary>
internal sealed record BenchmarkReport
{
    public required double Seconds { get; init; }

    public required int Clients { get; init; }

    public required int ValueSize { get; init; }

    public required double ReadRatio { get; init; }

    public required long Operations { get; init; }

    public required double OperationsPerSecond { get; init; }

    public LatencyReport? Writes { get; init; }

    public LatencyReport? Reads { get; init; }

    public required long Errors { get; init; }

    /// <summary>Errors by kind.</summary>
    public required IReadOnlyDictionary<string, long> ErrorKinds { get; init; }

    /// <summary>How it stands to an earlier run; null: it was not compared.</summary>
    public BenchmarkComparison? Comparison { get; init; }
}

/// <summary>Latencies in microseconds.</summary>
internal sealed record LatencyReport(long Operations, double MeanUs, long P50Us, long P95Us, long P99Us, long P999Us, long MaxUs)
{
    /// <summary>Of a histogram; null if it is empty.</summary>
    public static LatencyReport? Of(HistogramBase histogram) => histogram.TotalCount == 0 ? null : new LatencyReport(
        histogram.TotalCount,
        Math.Round(histogram.GetMean(), 1),
        histogram.GetValueAtPercentile(50),
        histogram.GetValueAtPercentile(95),
        histogram.GetValueAtPercentile(99),
        histogram.GetValueAtPercentile(99.9),
        histogram.GetMaxValue());
}
