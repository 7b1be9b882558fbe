using Lattice.EndToEnd.Tests.Harness;
using Xunit.Abstractions;

namespace Lattice.EndToEnd.Tests;

/// <summary>What an operator sees of a cluster of three processes.</summary>
public sealed class ClusterTests(ITestOutputHelper output)
{
    [Fact]
    public void Three_processes_from_generated_files_form_a_cluster_that_status_shows()
    {
        using var cluster = new TestCluster();
        long began = Environment.TickCount64;
        cluster.StartAll();
        cluster.WaitUntilHealthy(TimeSpan.FromSeconds(15));
        output.WriteLine($"healthy after {Environment.TickCount64 - began} ms");

        ProcessResult status = cluster.Run("status");

        Assert.Equal(0, status.ExitCode);
        Assert.Contains("Quorum: 3/3", status.Output, StringComparison.Ordinal);
        Assert.Single(status.Output.Split('\n'), line => line.Contains("✅ Leader", StringComparison.Ordinal));
        Assert.Equal(2, status.Output.Split('\n').Count(line => line.Contains("✅ Follower", StringComparison.Ordinal)));
        output.WriteLine($"status took {status.Took.TotalMilliseconds:0} ms");
        foreach (int node in cluster.Nodes)
        {
            output.WriteLine($"node {node}: {cluster[node].ResidentBytes >> 20} MiB resident");
        }
    }

    [Fact]
    public void Status_is_degraded_with_a_node_down_and_unavailable_without_a_majority()
    {
        using var cluster = new TestCluster();
        cluster.StartAll();
        cluster.WaitUntilHealthy();

        cluster[3].Kill();
        ProcessResult degraded = Eventually.Holds(() => cluster.Run("status"), s => s.ExitCode == 1, TimeSpan.FromSeconds(15), cluster.Logs);
        Assert.Contains("Degraded", degraded.Output, StringComparison.Ordinal);
        Assert.Contains("Quorum", degraded.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("Healthy", degraded.Output, StringComparison.Ordinal);

        cluster[2].Kill();
        ProcessResult unavailable = Eventually.Holds(() => cluster.Run("status"), s => s.ExitCode == 2, TimeSpan.FromSeconds(15), cluster.Logs);
        Assert.Contains("Unavailable", unavailable.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("Quorum", unavailable.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("Healthy", unavailable.Output, StringComparison.Ordinal);

        cluster[1].Kill();
        Assert.Equal(2, cluster.Run("status").ExitCode);
    }

    [Fact]
    public void A_value_written_from_the_shell_is_read_from_the_shell()
    {
        using var cluster = new TestCluster();
        cluster.StartAll();
        cluster.WaitUntilHealthy();

        Assert.Equal(0, cluster.Run("put", "greeting", "hello").ExitCode);
        ProcessResult got = cluster.Run("get", "greeting");

        Assert.Equal((0, "hello"), (got.ExitCode, got.Output.TrimEnd('\n')));
    }

    [Fact]
    public void A_node_that_is_told_to_stop_hands_over_and_ends_within_five_seconds()
    {
        using var cluster = new TestCluster();
        cluster.StartAll();
        cluster.WaitUntilHealthy();
        int leader = cluster.LeaderNode();

        long began = Environment.TickCount64;
        cluster[leader].Terminate();
        long took = Environment.TickCount64 - began;

        output.WriteLine($"stopped after {took} ms");
        Assert.Equal(0, cluster[leader].ExitCode);
        Assert.True(took < 5000, $"The node took {took} ms to stop.\n{cluster.Logs()}");
    }

    [Fact]
    public void Nodes_that_are_told_to_stop_together_end_within_five_seconds()
    {
        using var cluster = new TestCluster();
        cluster.StartAll();
        cluster.WaitUntilHealthy();

        long began = Environment.TickCount64;
        foreach (int node in cluster.Nodes)
        {
            cluster[node].AskToEnd();
        }

        Assert.All(cluster.Nodes, node => Assert.True(cluster[node].WaitForExit(TimeSpan.FromSeconds(5)), $"Node {node} did not stop.\n{cluster.Logs()}"));
        long took = Environment.TickCount64 - began;

        output.WriteLine($"stopped after {took} ms");
        Assert.All(cluster.Nodes, node => Assert.Equal((node, 0), (node, cluster[node].ExitCode)));
        Assert.All(cluster.Nodes, node => Assert.DoesNotContain("did not stop within", cluster[node].Output, StringComparison.Ordinal));
        Assert.True(took < 5000, $"The nodes took {took} ms to stop.\n{cluster.Logs()}");
    }

    [Fact]
    public async Task Reads_and_writes_go_on_without_the_membership_database()
    {
        using var cluster = new TestCluster();
        cluster.StartAll();
        cluster.WaitUntilHealthy();
        await using var store = await TestStore.ConnectAsync(cluster);
        await using var load = new WriteLoad(store, 16);
        load.Start();
        load.WaitForMore(300);

        foreach (string file in Directory.GetFiles(Path.Combine(cluster.Root, "var/lib/lattice"), "membership*"))
        {
            File.Delete(file);
        }

        load.ResetGap();
        // Long enough for Orleans to look at the table several times.
        for (int i = 0; i < 10; i++)
        {
            load.WaitForMore(3000);
        }

        Assert.Equal(0, cluster.Run("put", "without", "table").ExitCode);
        await load.StopAsync();
        await load.VerifyAsync(store);
        Assert.All(cluster.Nodes, node => Assert.True(cluster[node].IsRunning, cluster.Logs()));
        output.WriteLine($"longest pause {load.LongestGap.TotalMilliseconds:0} ms");
    }

    [Fact]
    public async Task A_follower_behind_the_log_comes_back_by_snapshot_under_load()
    {
        using var cluster = new TestCluster(extra: "[storage]\nsnapshot_interval = 200\nmax_wal_size_mb = 4\n");
        cluster.StartAll();
        cluster.WaitUntilHealthy();
        await using var store = await TestStore.ConnectAsync(cluster);
        await using var load = new WriteLoad(store, Writers);
        load.Start();
        load.WaitForMore(500);
        int follower = cluster.Nodes.First(n => n != cluster.LeaderNode());
        cluster[follower].Kill();
        load.WaitForMore(20_000);

        load.ResetGap();
        cluster.Start(follower);
        cluster.WaitUntilHealthy(TimeSpan.FromSeconds(60));
        TimeSpan pause = load.LongestGap;

        await load.StopAsync();
        await load.VerifyAsync(store);
        await cluster.AssertStatesAreEqualAsync();
        output.WriteLine($"longest pause while it came back {pause.TotalMilliseconds:0} ms");
        Assert.Contains("napshot", cluster[follower].Output, StringComparison.Ordinal);
    }

    private const int Writers = 64;
}
