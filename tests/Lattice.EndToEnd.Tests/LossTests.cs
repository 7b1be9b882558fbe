using Lattice.EndToEnd.Tests.Harness;
using Xunit.Abstractions;

namespace Lattice.EndToEnd.Tests;

/// <summary>Who may vote after a loss: what is left of a cluster never decides without what may have been acknowledged, unless an operator says so who has read what may be lost.</summary>
[Trait("Share", "Full")]
public sealed class LossTests(ITestOutputHelper output)
{
    [Fact]
    public void Nodes_that_lost_their_log_or_everything_have_no_say_beside_one_that_has_it()
    {
        using var cluster = new TestCluster();
        cluster.StartAll();
        cluster.WaitUntilHealthy();
        cluster.Run("put", "key", "value").AssertSucceeded();
        WaitUntilEqual(cluster);
        KillAll(cluster);

        // Node 1 lost its log: with node 2 it is no majority, though two of three run. Node 2 might be behind.
        Empty(Path.Combine(cluster.DataOf(1), "wal"));
        cluster.Start(1);
        cluster.Start(2);
        Eventually.Holds(() => cluster.Run("status", "1"), r => r.Output.Contains("Node 1:", StringComparison.Ordinal) && !r.Output.Contains("Unreachable", StringComparison.Ordinal), TimeSpan.FromSeconds(120), cluster.Logs);
        AssertServesNobody(cluster);
        cluster.Start(3);
        cluster.WaitUntilHealthy(TimeSpan.FromSeconds(120));
        Assert.Equal("value", cluster.Run("get", "key").Output);
        WaitUntilEqual(cluster);
        KillAll(cluster);

        // Nodes 1 and 2 lost everything. They would be enough to found a cluster, but node 3 remembers one.
        Directory.Delete(cluster.DataOf(1), recursive: true);
        Directory.Delete(cluster.DataOf(2), recursive: true);
        cluster.StartAll();
        Eventually.Holds(() => cluster.Run("status"), r => !r.Output.Contains("Unreachable", StringComparison.Ordinal) && r.Output.Contains("Node 3:", StringComparison.Ordinal), TimeSpan.FromSeconds(120), cluster.Logs);
        AssertServesNobody(cluster);
        AssertAsksFirst(cluster, 3);
        cluster.Run("admin", "transfer-leadership", "3", "--yes", "--timeout", "60").AssertSucceeded();
        Assert.Equal("value", cluster.Run("get", "key").Output);
        cluster.WaitUntilHealthy(TimeSpan.FromSeconds(120));
    }

    [Fact]
    public async Task After_a_complete_loss_from_which_a_node_never_returns_an_operator_decides()
    {
        using var cluster = new TestCluster();
        cluster.StartAll();
        cluster.WaitUntilHealthy();
        cluster.Run("put", "before", "1").AssertSucceeded();
        cluster.Run("backup", "1", FileOf(cluster, 1)).AssertSucceeded();
        cluster.Run("put", "between", "2").AssertSucceeded();
        cluster.Run("backup", "2", FileOf(cluster, 2)).AssertSucceeded();
        cluster.Run("put", "after", "3").AssertSucceeded();
        KillAll(cluster);
        foreach (int node in cluster.Nodes)
        {
            Directory.Delete(cluster.DataOf(node), recursive: true);
        }

        foreach (int node in (int[])[1, 2])
        {
            cluster.Run("restore", $"{node}", FileOf(cluster, node)).AssertSucceeded();
            cluster.Start(node);
        }

        // Node 3 may have held more than both.
        Eventually.Holds(() => cluster.Run("status"), r => r.Output.Split('\n').Count(l => l.Contains("Unreachable", StringComparison.Ordinal)) == 1, TimeSpan.FromSeconds(120), cluster.Logs);
        AssertServesNobody(cluster);
        AssertAsksFirst(cluster, 1);

        // Whoever is named: the most advanced state goes on.
        ProcessResult decided = cluster.Run("admin", "transfer-leadership", "1", "--yes", "--timeout", "60");
        output.WriteLine(decided.ToString());
        decided.AssertSucceeded();
        Assert.Equal("1", cluster.Run("get", "before").Output);
        Assert.Equal("2", cluster.Run("get", "between").Output);
        Assert.Equal(1, cluster.Run("get", "after").ExitCode);
        cluster.Run("put", "after", "4").AssertSucceeded();

        // It comes back after all, on an empty disk.
        cluster.Start(3);
        cluster.WaitUntilHealthy(TimeSpan.FromSeconds(120));
        await cluster.AssertStatesAreEqualAsync();
    }

    private static string FileOf(TestCluster cluster, int node) => Path.Combine(cluster.Root, $"backups/node{node}.tar.gz");

    private static void KillAll(TestCluster cluster)
    {
        foreach (int node in cluster.Nodes)
        {
            cluster[node].Kill();
        }
    }

    private static void Empty(string folder)
    {
        Directory.Delete(folder, recursive: true);
        Directory.CreateDirectory(folder);
    }

    private static void WaitUntilEqual(TestCluster cluster) =>
        Eventually.Holds(() => cluster.Run("status"), r => r.Output.Split('\n').Count(l => l.Contains(" lag 0 ", StringComparison.Ordinal)) == cluster.Nodes.Count, TimeSpan.FromSeconds(120), cluster.Logs);

    private static void AssertServesNobody(TestCluster cluster)
    {
        ProcessResult written = cluster.Run("put", "key", "other", "--timeout", "5");
        Assert.True(written.ExitCode == 2, written.ToString());
        Assert.DoesNotContain("Quorum", cluster.Run("status").Output, StringComparison.Ordinal);
    }

    private void AssertAsksFirst(TestCluster cluster, int node)
    {
        ProcessResult asked = cluster.Run("admin", "transfer-leadership", $"{node}", "--timeout", "30");
        output.WriteLine(asked.Errors);
        Assert.Equal(1, asked.ExitCode);
        Assert.Contains("given up for good", asked.Errors, StringComparison.Ordinal);
        Assert.Contains("was not confirmed", asked.Errors, StringComparison.Ordinal);
    }
}
