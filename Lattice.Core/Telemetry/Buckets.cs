using System.Diagnostics.Metrics;

namespace Lattice.Core.Telemetry;

/// <summary>Bounds of histograms, each the double of the one before it: a quantile read from them is off by a factor of two at most, whatever its size.</summary>
public static class Buckets
{
    /// <summary>For what a node does by itself: 8 us to 262 ms, in seconds.</summary>
    public static InstrumentAdvice<double> Steps { get; } = Doubling(8e-6, 16);

    /// <summary>
    /// For short steps whose unit the operations manual fixes, in microseconds: 8 us to 131 ms, each four times the one before it, since operators have all of them on one screen.
    /// </summary>
    public static InstrumentAdvice<double> Microseconds { get; } = new() { HistogramBucketBoundaries = [8, 32, 128, 512, 2048, 8192, 32_768, 131_072] };

    /// <summary>For what somebody waits for: 128 us to 16.8 s, in seconds.</summary>
    public static InstrumentAdvice<double> Waits { get; } = Doubling(128e-6, 18);

    /// <summary>For numbers of things: 1 to 8192.</summary>
    public static InstrumentAdvice<double> Counts { get; } = Doubling(1, 14);

    /// <summary>For sizes: 256 bytes to 8 MiB.</summary>
    public static InstrumentAdvice<double> Bytes { get; } = Doubling(256, 16);

    private static InstrumentAdvice<double> Doubling(double first, int count) => new()
    {
        HistogramBucketBoundaries = [.. Enumerable.Range(0, count).Select(i => Math.Round(first * Math.Pow(2, i), 6))],
    };
}
