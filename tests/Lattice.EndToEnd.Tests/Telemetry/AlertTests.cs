using System.Text.RegularExpressions;
using Lattice.EndToEnd.Tests.Harness;

namespace Lattice.EndToEnd.Tests.Telemetry;

/// <summary>The alerts of <c>deploy/prometheus</c>: they fire when they should and only then, on metrics that there are, and somebody has written what to do.</summary>
[Trait("Share", "Full")]
public sealed partial class AlertTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private static string Alerts => File.ReadAllText(Path.Combine(Repository.Root, "deploy/prometheus/prometheus-alerts.yml"));

    [SkippableFact]
    public void Each_alert_fires_when_it_has_to_and_not_when_it_must_not()
    {
        PrometheusServer.SkipWhereMissing();
        string tests = Path.Combine(Repository.Root, "tests/Lattice.EndToEnd.Tests/Telemetry/alert-rules-test.yml");
        string text = File.ReadAllText(tests);

        ProcessResult.OfTool("promtool", "check", "config", Path.Combine(Repository.Root, "deploy/prometheus/prometheus.yml")).AssertSucceeded();
        ProcessResult.OfTool("promtool", "test", "rules", tests).AssertSucceeded();
        Assert.All(Names(), name => Assert.InRange(Regex.Count(text, $@"alertname: {name}\b", RegexOptions.None, TimeSpan.FromSeconds(1)), 2, 10));
    }

    [Fact]
    public void Each_alert_has_a_page_that_says_what_to_do()
    {
        string page = File.ReadAllText(Path.Combine(Repository.Root, "docs/operations/alerts.md"));
        Assert.All(Names(), name => Assert.Contains($"\n## {name}\n", page, StringComparison.Ordinal));
        Assert.All(Names().Except(["LatticeNodeDown", "LatticeLostQuorum", "LatticeStateDivergence", "LatticeHighLatency"], StringComparer.Ordinal), name =>
            Assert.Contains($"runbook_url: docs/operations/alerts.md#{name.ToLowerInvariant()}\n", Alerts, StringComparison.Ordinal));
    }

    [Fact]
    public void Alerts_and_dashboard_use_only_metrics_that_there_are()
    {
        Dictionary<string, string> known = MetricsDocument.Kinds();
        string dashboard = File.ReadAllText(Path.Combine(Repository.Root, "deploy/grafana/lattice.json"));
        List<string> used = [.. Metric().Matches(Alerts + dashboard).Select(m => m.Value).Distinct(StringComparer.Ordinal)];

        Assert.InRange(used.Count, 20, 200);
        Assert.DoesNotContain(used, name => !known.ContainsKey(name) && known.GetValueOrDefault(Part().Replace(name, "")) != "histogram");
    }

    [SkippableFact]
    public void Lost_nodes_a_lost_majority_and_a_wrong_state_are_seen_by_a_real_Prometheus_and_so_is_their_recovery()
    {
        PrometheusServer.SkipWhereMissing();
        using var cluster = new TestCluster(extra: "[verification]\nallow_drills = true\n");
        cluster.StartAll();
        cluster.WaitUntilHealthy();
        using var prometheus = new PrometheusServer(cluster);
        Assert.Equal(Names().Order(StringComparer.Ordinal), prometheus.Rules().Order(StringComparer.Ordinal));
        Sees(prometheus, "up{job=\"lattice\"} == 1", cluster.Nodes.Count);
        Assert.Empty(prometheus.Firing());

        cluster[2].Kill();
        cluster[3].Kill();
        Fires(prometheus, $"LatticeLostQuorum {cluster.MetricsOf(1)}");
        Fires(prometheus, $"LatticeNodeDown {cluster.MetricsOf(2)}");
        Fires(prometheus, $"LatticeNodeDown {cluster.MetricsOf(3)}");
        Assert.DoesNotContain($"LatticeNodeDown {cluster.MetricsOf(1)}", prometheus.Firing());

        cluster.Start(2);
        cluster.Start(3);
        cluster.WaitUntilHealthy();
        Sees(prometheus, "lattice_cluster_quorum == 1", cluster.Nodes.Count);
        Eventually.Holds(prometheus.Firing, f => !f.Exists(a => a.StartsWith("LatticeNodeDown", StringComparison.Ordinal) || a.StartsWith("LatticeLostQuorum", StringComparison.Ordinal)), Patience);

        cluster.Run("admin", "drill", "3", "protocol").AssertSucceeded();
        Eventually.Holds(() => cluster[3].IsRunning, running => !running, Patience, cluster.Logs);
        Fires(prometheus, $"LatticeStateDivergence {cluster.MetricsOf(1)}");
    }

    private static void Fires(PrometheusServer prometheus, string alert) =>
        Eventually.Holds(prometheus.Firing, firing => firing.Contains(alert), Patience);

    private static void Sees(PrometheusServer prometheus, string expression, int nodes) =>
        Eventually.Holds(() => prometheus.Query(expression), seen => seen.Count == nodes, Patience);

    private static List<string> Names() => [.. Alert().Matches(Alerts).Select(m => m.Groups["name"].Value)];

    [GeneratedRegex(@"- alert: (?<name>\w+)", RegexOptions.None, 1000)]
    private static partial Regex Alert();

    [GeneratedRegex(@"lattice_\w+", RegexOptions.None, 1000)]
    private static partial Regex Metric();

    [GeneratedRegex("_(bucket|sum|count)$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Part();
}
