using OpenTelemetry.Trace;

namespace Lattice.Silo.Hosting;

/// <summary>
/// Begins a trace with one in so many of the requests that come without one; those that come with one are traced if it is. What a node says to itself and to its peers
/// begins none: heartbeats would be all that one sees.
/// </summary>
internal sealed class RequestSampler(int oneIn) : Sampler
{
    // A request of a client that makes no traces begins with Orleans' activity of the call to its shard.
    private const string Requests = "IShardGrain/";

    private readonly TraceIdRatioBasedSampler some = new(oneIn == 0 ? 0 : 1.0 / oneIn);

    public override SamplingResult ShouldSample(in SamplingParameters samplingParameters) => samplingParameters.Name.StartsWith(Requests, StringComparison.Ordinal)
        ? some.ShouldSample(samplingParameters)
        : new SamplingResult(SamplingDecision.Drop);
}
