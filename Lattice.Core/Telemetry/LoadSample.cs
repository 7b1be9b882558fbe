namespace Lattice.Core.Telemetry;

/// <summary>What callers asked of a node in one interval. Latencies are microseconds from a batch's arrival at the node to its answer; 0 when there was none.</summary>
/// <param name="At">End of the interval, in milliseconds since 1970, a multiple of <see cref="LoadHistory.Interval"/>.</param>
/// <param name="WritesPerSecond">Commands done.</param>
/// <param name="ReadsPerSecond">Queries answered.</param>
/// <param name="FailuresPerSecond">Batches turned away or not answered in time.</param>
/// <param name="WriteP50Us">Median latency of writes.</param>
/// <param name="WriteP99Us">99th percentile.</param>
/// <param name="ReadP50Us">Median latency of reads.</param>
/// <param name="ReadP99Us">99th percentile.</param>
public readonly record struct LoadSample(
    long At,
    double WritesPerSecond,
    double ReadsPerSecond,
    double FailuresPerSecond,
    double WriteP50Us,
    double WriteP99Us,
    double ReadP50Us,
    double ReadP99Us);
