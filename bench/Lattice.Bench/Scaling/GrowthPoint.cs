namespace Lattice.Bench.Scaling;

/// <summary>What was measured at one value. Latencies in microseconds.</summary>
/// <param name="Value">The value.</param>
/// <param name="WritesPerSecond">Writes of 64 clients.</param>
/// <param name="WriteP50">Their median.</param>
/// <param name="WriteP99">Their 99th percentile.</param>
/// <param name="ReadsPerSecond">Linearizable reads of 64 clients.</param>
/// <param name="ReadP50">Their median.</param>
/// <param name="ReadP99">Their 99th percentile.</param>
/// <param name="NodeMiB">Memory of the largest node's process after that.</param>
/// <param name="IdleMs">Processor time of all nodes in a second without requests, milliseconds.</param>
/// <param name="SnapshotSeconds">Time of <c>lattice admin snapshot 1</c>.</param>
/// <param name="RestartSeconds">Time from the start of a node that was killed until the cluster is healthy.</param>
/// <param name="Errors">Requests that failed.</param>
internal sealed record GrowthPoint(
    int Value,
    double WritesPerSecond,
    double WriteP50,
    double WriteP99,
    double ReadsPerSecond,
    double ReadP50,
    double ReadP99,
    long NodeMiB,
    double IdleMs,
    double SnapshotSeconds,
    double RestartSeconds,
    long Errors);
