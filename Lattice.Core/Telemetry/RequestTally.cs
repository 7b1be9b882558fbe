namespace Lattice.Core.Telemetry;

/// <summary>
/// What callers asked of a node since its start, and how long the answers took. Counts only ever grow: who wants to know about an interval compares
/// its two ends. Recording allocates nothing and locks nothing; any thread.
/// </summary>
public sealed class RequestTally
{
    private readonly long[] writeLatencies = new long[LatencyBuckets.Count];
    private readonly long[] readLatencies = new long[LatencyBuckets.Count];
    private long writes;
    private long reads;
    private long failures;

    /// <summary>A batch of writes was done.</summary>
    /// <param name="commands">How many commands were in it.</param>
    /// <param name="took">From its arrival to its answer.</param>
    public void Wrote(int commands, TimeSpan took)
    {
        Interlocked.Add(ref writes, commands);
        Interlocked.Add(ref writeLatencies[BucketOf(took)], commands);
    }

    /// <summary>A batch of reads was answered.</summary>
    /// <param name="queries">How many queries were in it.</param>
    /// <param name="took">From its arrival to its answer.</param>
    public void Read(int queries, TimeSpan took)
    {
        Interlocked.Add(ref reads, queries);
        Interlocked.Add(ref readLatencies[BucketOf(took)], queries);
    }

    /// <summary>A batch was turned away, or not answered in time.</summary>
    public void Failed() => Interlocked.Increment(ref failures);

    /// <summary>Copies what was counted so far.</summary>
    internal void CopyTo(RequestTotals totals)
    {
        totals.Writes = Interlocked.Read(ref writes);
        totals.Reads = Interlocked.Read(ref reads);
        totals.Failures = Interlocked.Read(ref failures);
        writeLatencies.CopyTo(totals.WriteLatencies, 0);
        readLatencies.CopyTo(totals.ReadLatencies, 0);
    }

    private static int BucketOf(TimeSpan took) => LatencyBuckets.Of((ulong)Math.Max(0, took.TotalMicroseconds));
}

/// <summary>What a <see cref="RequestTally"/> had counted at one moment.</summary>
internal sealed class RequestTotals
{
    public long[] WriteLatencies { get; } = new long[LatencyBuckets.Count];

    public long[] ReadLatencies { get; } = new long[LatencyBuckets.Count];

    public long Writes { get; set; }

    public long Reads { get; set; }

    public long Failures { get; set; }
}
