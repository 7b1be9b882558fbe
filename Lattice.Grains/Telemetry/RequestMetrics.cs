using System.Diagnostics.Metrics;
using Lattice.Core.Telemetry;

namespace Lattice.Grains;

/// <summary>
/// The requests of applications that come to this node, and how they end. A call carries many; each counts. What one node hands on to another counts
/// once, where the client is connected. Any thread; nothing is locked that two groups share.
/// </summary>
public sealed class RequestMetrics
{
    private readonly Histogram<double> duration;
    private readonly Kind[] kinds;
    private readonly RequestTally tally;

    /// <summary>Nothing counted yet.</summary>
    public RequestMetrics(LatticeMeter meter, RequestTally tally, TimeProvider time)
    {
        this.tally = tally;
        ArgumentNullException.ThrowIfNull(meter);
        kinds = [new Kind("write", time), new Kind("read", time)];
        duration = meter.CreateHistogram("lattice_request_duration_seconds", "s", "Time from the arrival of a call with requests until its answer.", tags: null, Buckets.Waits);
        meter.CreateObservableCounter("lattice_requests_total", () => kinds.SelectMany(k => k.ByResult()), "{request}", "Requests answered since the start, by how they ended.");
        meter.CreateObservableCounter("lattice_request_errors_total", () => kinds.Select(k => k.Of(k.Failed)), "{request}", "Requests since the start that were not done, though nothing was wrong with them.");
        meter.CreateObservableGauge("lattice_request_errors_ratio", () => kinds.Select(k => k.Of(k.FailedShare)), "1", "Share of the requests of the last ten seconds that were not done, though nothing was wrong with them.");
        meter.CreateObservableGauge("lattice_requests_in_flight", () => kinds.Select(k => k.Of(Interlocked.Read(ref k.InFlight))), "{request}", "Requests that are being worked at.");
        meter.CreateObservableGauge("lattice_throughput_requests_per_second", () => kinds.Select(k => k.Of(k.Done.PerSecond)), "{request}/s", "Requests done in each of the last ten seconds, on average.");
        meter.CreateObservableGauge("lattice_request_latency_p50_seconds", () => kinds.Select(k => k.Of(k.LastMinute.Quantile(0.5) / 1e6)), "s", "Median over the last minute of the time that requests took.");
        meter.CreateObservableGauge("lattice_request_latency_p99_seconds", () => kinds.Select(k => k.Of(k.LastMinute.Quantile(0.99) / 1e6)), "s", "99th percentile over the last minute of the time that requests took.");
    }

    /// <summary>Requests that change something begin.</summary>
    public void WritesBegin(int requests) => Interlocked.Add(ref kinds[0].InFlight, requests);

    /// <summary>They have been answered.</summary>
    public void WritesEnd(uint group, int requests, ShardStatus how, TimeSpan took)
    {
        End(kinds[0], group, requests, how, took);
        if (how == ShardStatus.Ok)
        {
            tally.Wrote(requests, took);
        }
    }

    /// <summary>Requests that only read begin.</summary>
    public void ReadsBegin(int requests) => Interlocked.Add(ref kinds[1].InFlight, requests);

    /// <summary>They have been answered.</summary>
    public void ReadsEnd(uint group, int requests, ShardStatus how, TimeSpan took)
    {
        End(kinds[1], group, requests, how, took);
        if (how == ShardStatus.Ok)
        {
            tally.Read(requests, took);
        }
    }

    private void End(Kind kind, uint group, int requests, ShardStatus how, TimeSpan took)
    {
        Interlocked.Add(ref kind.InFlight, -requests);
        Interlocked.Add(ref kind.Counts[(int)how], requests);
        if (how != ShardStatus.Ok)
        {
            tally.Failed();
        }

        (how == ShardStatus.Ok ? kind.Done : kind.NotDone).Add(IsFault(how) || how == ShardStatus.Ok ? requests : 0);
        kind.LastMinute.Record((ulong)took.TotalMicroseconds);
        duration.Record(took.TotalSeconds, kind.Label, GroupLabel.Of(group));
    }

    /// <summary>Whether it is the cluster's fault that a request was not done, and not the caller's.</summary>
    private static bool IsFault(ShardStatus how) => how is not ShardStatus.Ok and not ShardStatus.Malformed;

    private sealed class Kind(string name, TimeProvider time)
    {
        public readonly long[] Counts = new long[ResultNames.Count];
        public long InFlight;

        public KeyValuePair<string, object?> Label { get; } = KeyValuePair.Create<string, object?>("kind", name);

        public RateWindow Done { get; } = new(time);

        public RateWindow NotDone { get; } = new(time);

        public LatencyWindow LastMinute { get; } = new(time);

        public long Failed
        {
            get
            {
                long failed = 0;
                for (int i = 0; i < Counts.Length; i++)
                {
                    failed += IsFault((ShardStatus)i) ? Interlocked.Read(ref Counts[i]) : 0;
                }

                return failed;
            }
        }

        public double FailedShare
        {
            get
            {
                double failed = NotDone.Total;
                return failed == 0 ? 0 : failed / (failed + Done.Total);
            }
        }

        public IEnumerable<Measurement<long>> ByResult() => Counts.Select((count, i) => new Measurement<long>(count, Label, KeyValuePair.Create<string, object?>("result", ResultNames.Of((ShardStatus)i))));

        public Measurement<T> Of<T>(T value)
            where T : struct => new(value, Label);
    }
}
