using Lattice.EndToEnd.Tests.Harness;
using Xunit.Abstractions;

namespace Lattice.EndToEnd.Tests;

/// <summary>Nodes die or hang at any time; nothing acknowledged is lost, nothing is done twice, and writes resume soon.</summary>
[Trait("Share", "Full")]
public sealed class LeaderLossTests(ITestOutputHelper output)
{
    private const int Writers = 64;
    private const int Kills = 10;

    // What a client may have to wait while a leader is replaced.
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);

    [Fact]
    public async Task Acknowledged_writes_survive_ten_kills_of_the_leader_under_load()
    {
        using var cluster = new TestCluster();
        cluster.StartAll();
        cluster.WaitUntilHealthy();
        await using var store = await TestStore.ConnectAsync(cluster);
        await using var load = new WriteLoad(store, Writers);
        load.Start();
        load.WaitForMore(1000);
        var pauses = new List<TimeSpan>();
        for (int kill = 0; kill < Kills; kill++)
        {
            int leader = cluster.LeaderNode();
            load.ResetGap();
            cluster[leader].Kill();
            load.WaitForMore(500);
            pauses.Add(load.LongestGap);
            cluster.Start(leader);
            cluster.WaitUntilHealthy();
        }

        await load.StopAsync();
        await load.VerifyAsync(store);
        await cluster.AssertStatesAreEqualAsync();
        Report(pauses, load);
        Assert.All(pauses, pause => Assert.True(pause < LongestPause, $"Writes paused for {pause.TotalMilliseconds:0} ms."));
    }

    [Fact]
    public async Task Acknowledged_writes_survive_a_leader_that_hangs_for_five_seconds()
    {
        using var cluster = new TestCluster();
        cluster.StartAll();
        cluster.WaitUntilHealthy();
        await using var store = await TestStore.ConnectAsync(cluster);
        await using var load = new WriteLoad(store, Writers);
        load.Start();
        load.WaitForMore(1000);
        var pauses = new List<TimeSpan>();
        for (int hang = 0; hang < 2; hang++)
        {
            int leader = cluster.LeaderNode();
            load.ResetGap();
            cluster[leader].Pause();
            using (var timer = new PeriodicTimer(TimeSpan.FromSeconds(5)))
            {
                await timer.WaitForNextTickAsync();
            }

            pauses.Add(load.LongestGap);
            cluster[leader].Resume();
            load.WaitForMore(500);
            cluster.WaitUntilHealthy();
        }

        await load.StopAsync();
        await load.VerifyAsync(store);
        await cluster.AssertStatesAreEqualAsync();
        Report(pauses, load);
        Assert.All(pauses, pause => Assert.True(pause < LongestPause, $"Writes paused for {pause.TotalMilliseconds:0} ms."));
    }

    [Fact]
    public async Task Acknowledged_writes_survive_a_kill_of_all_nodes_and_two_of_them_serve_again()
    {
        using var cluster = new TestCluster();
        cluster.StartAll();
        cluster.WaitUntilHealthy();
        await using var store = await TestStore.ConnectAsync(cluster);
        await using var load = new WriteLoad(store, Writers);
        load.Start();
        load.WaitForMore(1000);
        foreach (int node in cluster.Nodes)
        {
            cluster[node].Kill();
        }

        long began = Environment.TickCount64;
        cluster.Start(1);
        cluster.Start(2);
        load.WaitForMore(200);
        long took = Environment.TickCount64 - began;
        output.WriteLine($"two of three served {took} ms after their start");
        await load.StopAsync();
        await load.VerifyAsync(store);
        cluster.Start(3);
        cluster.WaitUntilHealthy();
        await cluster.AssertStatesAreEqualAsync();
        Assert.True(took < 10_000, $"The two nodes served after {took} ms.");
    }

    [Fact]
    public async Task A_client_whose_own_gateway_is_killed_is_answered_by_another()
    {
        using var cluster = new TestCluster();
        cluster.StartAll();
        cluster.WaitUntilHealthy();
        int follower = cluster.Nodes.First(n => n != cluster.LeaderNode());
        await using var store = await TestStore.ConnectAsync(cluster, first: follower);
        await using var load = new WriteLoad(store, 8);
        load.Start();
        load.WaitForMore(200);
        load.ResetGap();
        cluster[follower].Kill();
        load.WaitForMore(500);
        TimeSpan pause = load.LongestGap;
        await load.StopAsync();
        await load.VerifyAsync(store);
        Report([pause], load);
        Assert.True(pause < LongestPause, $"Writes paused for {pause.TotalMilliseconds:0} ms.");
    }

    [Fact]
    public async Task A_leader_killed_as_soon_as_the_cluster_serves_is_replaced_soon_for_a_client_that_knows_no_other_node_yet()
    {
        var pauses = new List<TimeSpan>();
        for (int round = 0; round < 3; round++)
        {
            using var cluster = new TestCluster();
            cluster.StartAll();
            cluster.WaitUntilHealthy();
            int leader = cluster.LeaderNode();
            await using var store = await TestStore.ConnectAsync(cluster, first: leader);
            await using var load = new WriteLoad(store, 16);
            load.Start();
            load.WaitForMore(1);
            load.ResetGap();
            cluster[leader].Kill();
            load.WaitForMore(500);
            pauses.Add(load.LongestGap);
            await load.StopAsync();
            await load.VerifyAsync(store);
            Report(pauses, load);
        }

        Assert.All(pauses, pause => Assert.True(pause < LongestPause, $"Writes paused for {pause.TotalMilliseconds:0} ms."));
    }

    private void Report(IEnumerable<TimeSpan> pauses, WriteLoad load)
    {
        List<double> sorted = [.. pauses.Select(p => p.TotalMilliseconds).Order()];
        output.WriteLine($"{load.Acknowledged} writes acknowledged; pauses in ms: {string.Join(' ', sorted.Select(p => $"{p:0}"))}, median {sorted[sorted.Count / 2]:0}");
    }
}
