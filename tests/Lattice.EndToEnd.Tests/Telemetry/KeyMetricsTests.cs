using Lattice.EndToEnd.Tests.Harness;

namespace Lattice.EndToEnd.Tests.Telemetry;

/// <summary>Each figure that the operations manual names under "Key Metrics" moves under the fault that it is there for.</summary>
[Trait("Share", "Full")]
public sealed class KeyMetricsTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public void The_figures_of_the_manual_move_under_the_faults_that_they_are_for()
    {
        using var cluster = new TestCluster(extra: "[verification]\nallow_drills = true\n");
        cluster.StartAll();
        cluster.WaitUntilHealthy();
        Becomes(cluster, 1, "a majority of three is reachable", p => p.Sum("lattice_cluster_quorum") == 1);
        Assert.Equal(0, Page(cluster, 1).Sum("lattice_errors_divergences"));

        // Load: throughput, network throughput, cache and verification.
        cluster.Run("benchmark", "2", "--clients", "16", "--read-ratio", "0.3").AssertSucceeded();
        Assert.All(cluster.Nodes, node => Becomes(cluster, node, "verification is measured", p => p.Sum("lattice_verification_latency_p50_us") > 0 && p.Sum("lattice_verification_latency_p99_us") >= p.Sum("lattice_verification_latency_p50_us")));
        Assert.True(cluster.Nodes.Sum(node => Page(cluster, node).Sum("lattice_throughput_requests_per_second")) > 0);
        MetricsPage loaded = Page(cluster, 1);
        Assert.True(loaded.Sum("lattice_network_throughput_sent_bytes_per_second") > 0 && loaded.Sum("lattice_network_throughput_received_bytes_per_second") > 0, loaded.Text);
        Assert.InRange(cluster.Nodes.Max(node => Page(cluster, node).Sum("lattice_cache_hit_ratio")), double.Epsilon, 1);

        // Large values take longer to check.
        double small = loaded.Sum("lattice_verification_latency_p50_us");
        cluster.Run("benchmark", "3", "--clients", "8", "--value-size", "1000000").AssertSucceeded();
        double large = Page(cluster, 1).Sum("lattice_verification_latency_p99_us");
        Assert.True(large > small, $"The check of batches of a megabyte took {large} us at most, that of small ones {small} us in the middle.");

        // One node is gone, then another.
        double errors = Page(cluster, 1).Sum("lattice_network_errors_total", "peer=\"3\"");
        cluster[3].Kill();
        Becomes(cluster, 1, "two of three are reachable", p => p.Sum("lattice_cluster_quorum") is > 0.6 and < 0.7 && p.Sum("lattice_network_errors_total", "peer=\"3\"") > errors);
        double elections = Page(cluster, 1).Sum("lattice_elections_failed_total");
        cluster[2].Kill();
        Becomes(cluster, 1, "a majority is lost", p => p.Sum("lattice_cluster_quorum") == 0);
        Becomes(cluster, 1, "elections fail", p => p.Sum("lattice_elections_failed_total") > elections);
        Assert.NotEqual(0, cluster.Run("put", "nobody", "decides", "--timeout", "2").ExitCode);
        Becomes(cluster, 1, "requests are not done", p => p.Sum("lattice_request_errors_total", "write") > 0 && p.Sum("lattice_request_errors_ratio", "write") > 0);

        cluster.Start(2);
        cluster.Start(3);
        cluster.WaitUntilHealthy();
        Becomes(cluster, 1, "all are reachable again", p => p.Sum("lattice_cluster_quorum") == 1);

        // A wrong state.
        cluster.Run("admin", "drill", "3", "protocol").AssertSucceeded();
        Becomes(cluster, 1, "a wrong replica is counted", p => p.Sum("lattice_errors_divergences") > 0);
    }

    private static MetricsPage Page(TestCluster cluster, int node) => MetricsPage.Of(cluster.MetricsOf(node));

    private static void Becomes(TestCluster cluster, int node, string what, Func<MetricsPage, bool> condition) =>
        Eventually.Holds(() => Page(cluster, node), condition, Patience, () => $"Expected on node {node}: {what}.\n{cluster.Logs()}");
}
