using System.Diagnostics;
using Lattice.Client;
using Lattice.Cluster.Tests.Harness;
using Lattice.Core.Disk;
using Lattice.Core.Replication;
using Lattice.Grains;

namespace Lattice.Cluster.Tests.Cluster;

/// <summary>What a cluster of silos does for its clients.</summary>
public sealed class ClusterTests
{
    [Fact]
    public async Task What_is_written_through_one_node_is_read_through_every_other()
    {
        await using var cluster = new TestCluster();
        await cluster.StartAsync();
        await using LatticeClient writer = await cluster.ConnectAsync(1);
        for (int i = 0; i < 50; i++)
        {
            await writer.PutAsync($"key-{i}", $"value-{i}");
        }

        foreach (int node in cluster.Nodes)
        {
            await using LatticeClient reader = await cluster.ConnectAsync(node);
            for (int i = 0; i < 50; i++)
            {
                Assert.Equal($"value-{i}", (await reader.GetAsync($"key-{i}"))!.Text);
            }
        }
    }

    [Fact]
    public async Task A_cluster_of_one_node_serves()
    {
        await using var cluster = new TestCluster(nodes: 1);
        await cluster.StartAsync();
        await using LatticeClient client = await cluster.ConnectAsync();

        await client.PutAsync("key", "value");

        Assert.Equal("value", (await client.GetAsync("key"))!.Text);
    }

    [Fact]
    public async Task A_leader_that_stops_hands_over_and_no_write_is_lost()
    {
        await using var cluster = new TestCluster();
        await cluster.StartAsync();
        await cluster.WaitUntilLedAsync();
        int leader = cluster.LeaderOf(1);
        await using LatticeClient client = await cluster.ConnectAsync([.. cluster.Nodes.Where(n => n != leader)]);
        await using var load = new Writers(client, 8);
        await load.UntilMoreAsync(200);

        long began = Stopwatch.GetTimestamp();
        await cluster.StopAsync(leader);
        TimeSpan took = Stopwatch.GetElapsedTime(began);
        await load.UntilMoreAsync(200);
        await cluster.StartAsync(leader);
        await load.UntilMoreAsync(200);

        await load.VerifyAsync();
        Assert.True(took < TimeSpan.FromSeconds(5), $"The node took {took.TotalSeconds:0.0} s to stop.");
    }

    [Fact]
    public async Task Replicas_that_have_stopped_say_so_at_once()
    {
        await using var cluster = new TestCluster(nodes: 1);
        await cluster.StartAsync();
        await cluster.WaitUntilLedAsync();
        ReplicaHost host = cluster[1].Host;
        await host.StopAsync();

        Outcome[] outcomes = await Task.WhenAll(host.WriteAsync(1, new byte[1]), host.QueryAsync(1, new byte[1], linearizable: true), host.QueryAsync(1, new byte[1], linearizable: false)).WaitAsync(TimeSpan.FromSeconds(10));

        Assert.All(outcomes, outcome => Assert.Equal(OutcomeKind.ShuttingDown, outcome.Kind));
    }

    [Fact]
    public async Task All_nodes_stop_and_two_of_them_come_back_with_everything()
    {
        await using var cluster = new TestCluster();
        await cluster.StartAsync();
        Dictionary<string, string> written;
        await using (LatticeClient client = await cluster.ConnectAsync())
        {
            await using var load = new Writers(client, 8);
            await load.UntilMoreAsync(300);
            written = await load.VerifyAsync();
        }

        await Task.WhenAll(cluster.Nodes.Select(cluster.StopAsync));
        long began = Stopwatch.GetTimestamp();
        await cluster.StartAsync(1, 2);
        await using LatticeClient reader = await cluster.ConnectAsync(1, 2);
        foreach ((string key, string value) in written)
        {
            Assert.Equal(value, (await reader.GetAsync(key))!.Text);
        }

        Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(30), "Two of three nodes have to serve without waiting for the third.");
    }

    [Fact]
    public async Task Status_shows_every_node_and_which_cannot_be_reached()
    {
        await using var cluster = new TestCluster();
        await cluster.StartAsync();
        await cluster.WaitUntilLedAsync();
        await using LatticeClient client = await cluster.ConnectAsync(1, 2);

        ClusterStatus all = await TestCluster.WaitForStatusAsync(client, s => s.Nodes.All(n => n.Reachable && n.Groups.Count == 3), "every node answers with its groups");
        Assert.Equal([1, 2, 3], all.Nodes.Select(n => n.Node));
        Assert.All(all.Nodes, node =>
        {
            Assert.Equal([1, 2, 3], node.Groups[0].Voters);
            Assert.True(node.DataBytes > 0 && node.FreeBytes > 0 && node.UptimeSeconds > 0 && node.SyncOnWrite);
        });
        await TestCluster.WaitForStatusAsync(client, s => s.Nodes.All(n => n.Peers.All(p => p is { Alive: true, RoundTripUs: > 0 })), "round trips are measured");

        await cluster.StopAsync(3);
        ClusterStatus without = await TestCluster.WaitForStatusAsync(client, s => !s.Nodes.Single(n => n.Node == 3).Reachable, "the stopped node cannot be reached");
        Assert.All(without.Nodes.Where(n => n.Node != 3), node => Assert.True(node.Reachable));
    }

    [Fact]
    public async Task Reads_and_writes_go_on_when_the_membership_file_is_deleted_and_a_node_that_starts_finds_the_others()
    {
        await using var cluster = new TestCluster();
        await cluster.StartAsync();
        await cluster.WaitUntilLedAsync();
        await using LatticeClient client = await cluster.ConnectAsync();
        await using var load = new Writers(client, 8);
        await load.UntilMoreAsync(100);

        await cluster.StopAsync(3);
        foreach (string file in Directory.GetFiles(Path.GetDirectoryName(cluster.MembershipFile)!))
        {
            File.Delete(file);
        }

        await load.UntilMoreAsync(300);
        await cluster.StartAsync(3);
        await cluster.WaitUntilLedAsync();
        await load.UntilMoreAsync(100);

        await load.VerifyAsync();
        await using LatticeClient through3 = await cluster.ConnectAsync(3);
        ClusterStatus status = await TestCluster.WaitForStatusAsync(through3, s => s.Nodes.All(n => n.Reachable), "the node that started sees all others");
        Assert.Equal(3, status.Nodes.Count);
    }

    [Fact]
    public async Task Two_nodes_never_work_in_one_data_directory()
    {
        await using var cluster = new TestCluster();
        await cluster.StartAsync(1);

        DataDirectoryInUseException refused = await Assert.ThrowsAsync<DataDirectoryInUseException>(() => cluster.StartAsync(1));

        Assert.Contains(cluster.DataOf(1), refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_data_directory_of_another_node_or_cluster_is_refused_and_left_as_it_is()
    {
        await using var cluster = new TestCluster();
        await cluster.StartAsync();
        await cluster.WaitUntilLedAsync();
        await cluster.StopAsync(3);
        string[] before = Picture(cluster.DataOf(3));

        NodeStartException otherNode = await Assert.ThrowsAsync<NodeStartException>(() =>
            TestNode.StartAsync(cluster.Settings(2) with { Storage = cluster.Settings(3).Storage }));
        NodeStartException otherCluster = await Assert.ThrowsAsync<NodeStartException>(() =>
            TestNode.StartAsync(cluster.Settings(3) with { Cluster = cluster.Settings(3).Cluster with { Name = "another" } }));

        Assert.Contains("belongs to node 3", otherNode.Message, StringComparison.Ordinal);
        Assert.Contains("belongs to the cluster 'test'", otherCluster.Message, StringComparison.Ordinal);
        Assert.Equal(before, Picture(cluster.DataOf(3)));
    }

    /// <summary>The files of a node that hold its state, with their sizes and times.</summary>
    private static string[] Picture(string directory) =>
        [.. new DirectoryInfo(directory).EnumerateFiles("*", SearchOption.AllDirectories)
            .Where(f => f.Extension == ".wal" || f.Name == "identity")
            .Select(f => $"{f.FullName} {f.Length} {f.LastWriteTimeUtc:O}")
            .Order(StringComparer.Ordinal)];
}
