using System.Diagnostics;
using Lattice.Client;
using Lattice.EndToEnd.Tests.Harness;

namespace Lattice.EndToEnd.Tests.Telemetry;

/// <summary>What nodes send through OTLP, as a collector gets it.</summary>
[Trait("Share", "Full")]
public sealed class OtlpTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    // The way of a write, from the application's call to the reply.
    private static readonly string[] Way = ["lattice.write", "lattice.shard.write", "lattice.propose", "lattice.append", "lattice.replicate", "lattice.commit", "lattice.verify", "lattice.apply"];

    [Fact]
    public async Task A_write_is_one_trace_from_the_client_to_its_application_and_metrics_and_logs_come_too()
    {
        using var collector = new OtlpCollector();
        using var cluster = new TestCluster(extra: $"[telemetry]\notlp_endpoint = \"{collector.Address}\"\notlp_protocol = \"http/protobuf\"\ntrace_one_in = 0\n");
        cluster.StartAll();
        cluster.WaitUntilHealthy();

        // What the application's own tracing would do.
        var own = new List<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name is "Application" or ClientActivity.SourceName or "Microsoft.Orleans.Application",
            Sample = (ref ActivityCreationOptions<ActivityContext> options) => options.Parent.TraceFlags.HasFlag(ActivityTraceFlags.Recorded) || options.Source.Name == "Application" ? ActivitySamplingResult.AllDataAndRecorded : ActivitySamplingResult.None,
            ActivityStopped = activity =>
            {
                lock (own)
                {
                    own.Add(activity);
                }
            },
        };
        ActivitySource.AddActivityListener(listener);
        using var application = new ActivitySource("Application");
        string trace;
        await using (TestStore store = await TestStore.ConnectAsync(cluster))
        {
            using Activity request = application.StartActivity("request")!;
            trace = request.TraceId.ToHexString();
            for (int i = 0; i < 8; i++)
            {
                await store.PutAsync($"key-{i}", "value");
            }
        }

        // Each of the keys is in some group, and each group's leader is somewhere: wherever that is, the trace goes there.
        Eventually.Holds(
            () => string.Join('\n', Names(collector, own, trace).GroupBy(n => n, StringComparer.Ordinal).Select(g => $"{g.Count()} {g.Key}")),
            seen => Array.TrueForAll(Way, step => seen.Contains($"8 {step}\n", StringComparison.Ordinal) || seen.EndsWith($"8 {step}", StringComparison.Ordinal)),
            Patience,
            cluster.Logs);
        Assert.Contains(collector.Spans, s => s.Trace == trace && s.Scope == "Microsoft.Orleans.Application");
        Assert.DoesNotContain(collector.Spans, s => s.Trace != trace);

        // What is left is sent when a node stops, at the latest.
        foreach (int node in cluster.Nodes)
        {
            cluster[node].Terminate();
        }

        Assert.Contains("lattice_cluster_quorum", collector.Metrics);
        Assert.Contains("lattice_errors_divergences", collector.Metrics);
        Assert.Contains(collector.Logs, l => l.StartsWith("Log recovered:", StringComparison.Ordinal));
    }

    [Fact]
    public void A_request_of_a_client_that_makes_no_traces_begins_one_on_the_node()
    {
        using var collector = new OtlpCollector();
        using var cluster = new TestCluster(nodes: 1, extra: $"[telemetry]\notlp_endpoint = \"{collector.Address}\"\notlp_protocol = \"http/protobuf\"\ntrace_one_in = 1\n");
        cluster.StartAll();
        cluster.WaitUntilHealthy();
        cluster.Run("put", "greeting", "hello").AssertSucceeded();
        cluster[1].Terminate();

        Assert.True(
            collector.Spans.GroupBy(s => s.Trace, StringComparer.Ordinal).Any(trace => Way.Skip(1).All(step => trace.Any(s => s.Name == step))),
            string.Join('\n', collector.Spans));
    }

    [Fact]
    public void A_node_whose_collector_does_not_answer_serves_and_stops_as_ever()
    {
        // Nobody listens there.
        using var cluster = new TestCluster(nodes: 1, extra: "[telemetry]\notlp_endpoint = \"http://127.0.0.1:9\"\ntrace_one_in = 1\n");
        cluster.StartAll();
        cluster.WaitUntilHealthy();
        cluster.Run("put", "greeting", "hello").AssertSucceeded();

        long began = Stopwatch.GetTimestamp();
        cluster[1].Terminate();

        Assert.Equal(0, cluster[1].ExitCode);
        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 0, 5);
    }

    private static List<string> Names(OtlpCollector collector, List<Activity> own, string trace)
    {
        lock (own)
        {
            return [.. collector.Spans.Where(s => s.Trace == trace).Select(s => s.Name), .. own.Where(a => a.TraceId.ToHexString() == trace).Select(a => a.OperationName)];
        }
    }
}
