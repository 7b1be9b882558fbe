using System.Diagnostics.Metrics;
using Lattice.Core.Log;

namespace Lattice.Core.Telemetry;

/// <summary>What a node's replicas and their log measure while they run.</summary>
internal sealed class NodeMetrics(Meter meter, TimeProvider time)
{
    private readonly VerificationMetrics verification = new(meter, time);
    private readonly LogMetrics log = new(meter);

    /// <summary>Where the groups' loops record the steps of writes.</summary>
    public WriteTimings Timings { get; } = new(meter);

    /// <summary>A batch of entries was checked.</summary>
    public void Verified(TimeSpan took) => verification.Verified(took);

    /// <summary>What verification found and costs.</summary>
    public VerificationFigures Verification => verification.Figures;

    /// <summary>A replica was found to be wrong.</summary>
    public void Diverged() => verification.Diverged();

    /// <summary>The log was flushed.</summary>
    public void Flushed(LogFlush flush, TimeSpan write, TimeSpan sync) => log.Flushed(flush, write, sync);
}
