using System.Diagnostics;
using System.Net;
using System.Text;
using Lattice.EndToEnd.Tests.Harness;

namespace Lattice.EndToEnd.Tests.Telemetry;

/// <summary>What nodes say at <c>/metrics</c> is what <c>docs/metrics.md</c> promises, and Prometheus can read it.</summary>
[Trait("Share", "Full")]
public sealed class MetricsTests(MeasuredCluster measured) : IClassFixture<MeasuredCluster>
{
    // Prometheus asks like this. Its newer format gives counters a suffix that the operators' alerts do not have.
    private const string OfPrometheus = "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";

    // Comes with the first one who is not let in; the tests of access look for it.
    private const string OfSecuredClusters = "lattice_access_denied_total counter";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public void The_document_and_a_running_cluster_name_the_same_metrics()
    {
        List<string> documented = Lines(MetricsDocument.Kinds());
        Assert.True(documented.Remove(OfSecuredClusters));
        Eventually.Holds(() => string.Join('\n', Measured().Except(documented).Select(m => "+ " + m).Concat(documented.Except(Measured()).Select(m => "- " + m))), differences => differences.Length == 0, Patience);
    }

    [Fact]
    public void The_names_of_the_manuals_alerts_are_there_to_the_letter_however_one_asks()
    {
        foreach (string? accept in (string?[])[null, OfPrometheus])
        {
            string text = MetricsPage.Of(measured.Cluster.MetricsOf(1), accept).Text;
            foreach (string name in (string[])["lattice_cluster_quorum", "lattice_errors_divergences", "lattice_verification_latency_p99_us", "lattice_verification_latency_p50_us"])
            {
                Assert.Contains($"\n{name}{{}} ", text, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void What_an_operator_greps_for_shows_faults_latencies_and_throughput_on_one_screen()
    {
        string[] screen = [.. MetricsPage.Of(measured.Cluster.MetricsOf(1)).Text.Split('\n').Where(l => l.Contains("errors", StringComparison.Ordinal) || l.Contains("latency", StringComparison.Ordinal) || l.Contains("throughput", StringComparison.Ordinal))];

        Assert.InRange(screen.Length, 20, 120);
        Assert.Contains(screen, l => l.StartsWith("lattice_request_errors_ratio{kind=\"write\"} ", StringComparison.Ordinal));
        Assert.Contains(screen, l => l.StartsWith("lattice_request_latency_p99_seconds{kind=\"read\"} ", StringComparison.Ordinal));
        Assert.Contains(screen, l => l.StartsWith("lattice_throughput_requests_per_second{kind=\"write\"} ", StringComparison.Ordinal));
        Assert.Contains(screen, l => l.StartsWith("lattice_network_errors_total{peer=\"2\"} ", StringComparison.Ordinal));
    }

    [Fact]
    public void The_health_endpoints_say_that_a_node_lives_and_serves()
    {
        using var http = new HttpClient();
        foreach (string path in (string[])["live", "ready"])
        {
            using HttpResponseMessage answer = http.Send(new HttpRequestMessage(HttpMethod.Get, $"http://{measured.Cluster.MetricsOf(1)}/health/{path}"));
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }
    }

    [SkippableFact]
    public void Promtool_finds_nothing_but_the_names_that_the_manual_fixes()
    {
        PrometheusServer.SkipWhereMissing();
        var start = new ProcessStartInfo("promtool", ["check", "metrics"]);
        ProcessResult result = ProcessResult.Of(start, Encoding.UTF8.GetBytes(MetricsPage.Of(measured.Cluster.MetricsOf(1)).Text));

        Assert.Equal(
            [
                "lattice_errors_divergences counter metrics should have \"_total\" suffix",
                "lattice_verification_latency_p50_us metric names should not contain abbreviated units",
                "lattice_verification_latency_p99_us metric names should not contain abbreviated units",
                "lattice_verification_latency_us metric names should not contain abbreviated units",
            ],
            (result.Output + result.Errors).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
    }

    private List<string> Measured()
    {
        var kinds = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (int node in measured.Cluster.Nodes)
        {
            foreach ((string name, string kind) in MetricsPage.Of(measured.Cluster.MetricsOf(node)).Kinds)
            {
                kinds[name] = kind;
            }
        }

        return Lines(kinds);
    }

    private static List<string> Lines(Dictionary<string, string> kinds) => [.. kinds.Select(k => $"{k.Key} {k.Value}").Order(StringComparer.Ordinal)];
}
