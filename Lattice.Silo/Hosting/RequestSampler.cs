using OpenTelemetry.Trace;

namespace Lattice.Silo.Hosting;

/// <summary>
/// Begins a trace with one in so many of the requests that come without one; those that come with one are traced if it is. What a node says to itself and to its peers
/// begins none: heartbeats would be all that one sees.
/// </summary>
internal sealed class RequestSampler(int oneIn) : Sampler
{
    // A request of a client that makes no traces begins with the shard's activity, one of a grain with Orleans' activity of the call to the shard.
    private static readonly string[] Requests = ["lattice.shard.", "IShardGrain/"];

    private readonly TraceIdRatioBasedSampler some = new(oneIn == 0 ? 0 : 1.0 / oneIn);

    public override SamplingResult ShouldSample(in SamplingParameters samplingParameters) => IsRequest(samplingParameters.Name)
        ? some.ShouldSample(samplingParameters)
        : new SamplingResult(SamplingDecision.Drop);

    private static bool IsRequest(string name) => Array.Exists(Requests, beginning => name.StartsWith(beginning, StringComparison.Ordinal));
}
