using System.Diagnostics.Metrics;

namespace Lattice.Core.Telemetry;

/// <summary>What a node measures of its verification (<c>docs/verification.md</c>).</summary>
internal sealed class VerificationMetrics : IDisposable
{
    private readonly Meter meter = new(LatticeMeter.Name);
    private readonly LatencyWindow lastMinute;
    private readonly Histogram<double> latency;
    private long divergences;

    public VerificationMetrics(TimeProvider time)
    {
        lastMinute = new LatencyWindow(time);
        latency = meter.CreateHistogram("lattice_verification_latency_us", description: "Microseconds that the check of a batch of entries against the reference model took.", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 50_000] });
        meter.CreateObservableGauge("lattice_verification_latency_p50_us", () => lastMinute.Quantile(0.5), description: "Median over the last minute of the microseconds that the check of a batch took.");
        meter.CreateObservableGauge("lattice_verification_latency_p99_us", () => lastMinute.Quantile(0.99), description: "99th percentile over the last minute of the microseconds that the check of a batch took.");
        meter.CreateObservableCounter("lattice_errors_divergences", () => Interlocked.Read(ref divergences), description: "Replicas that were found to be wrong: of this node, and of others that told it before they stopped.");
    }

    /// <summary>A batch was checked.</summary>
    public void Verified(TimeSpan took)
    {
        latency.Record(took.TotalMicroseconds);
        lastMinute.Record((ulong)took.TotalMicroseconds);
    }

    /// <summary>A replica was found to be wrong.</summary>
    public void Diverged() => Interlocked.Increment(ref divergences);

    /// <summary>The same for those who look at the node rather than at its metrics.</summary>
    public VerificationFigures Figures => new(Interlocked.Read(ref divergences), lastMinute.Quantile(0.5), lastMinute.Quantile(0.99));

    public void Dispose() => meter.Dispose();
}

/// <summary>What a node's verification found and costs.</summary>
/// <param name="Divergences">Replicas that were found to be wrong since the start: of this node, and of others that told it before they stopped.</param>
/// <param name="P50Us">Median over the last minute of the microseconds that the check of a batch took; 0: none was checked.</param>
/// <param name="P99Us">99th percentile.</param>
public readonly record struct VerificationFigures(long Divergences, double P50Us, double P99Us);
