using System.Globalization;
using System.Text.Json;
using Lattice.EndToEnd.Tests.Harness;
using Xunit.Abstractions;

namespace Lattice.EndToEnd.Tests;

/// <summary>What operators do to a running cluster: every operation is whole or undone, and nothing acknowledged is lost by it.</summary>
[Trait("Share", "Full")]
public sealed class AdminTests(ITestOutputHelper output)
{
    private const int Writers = 16;

    [Fact]
    public async Task A_snapshot_is_written_while_writes_go_on_and_seeds_an_empty_node()
    {
        using var cluster = new TestCluster();
        cluster.StartAll();
        cluster.WaitUntilHealthy();
        await using var store = await TestStore.ConnectAsync(cluster);
        await using var load = new WriteLoad(store, Writers);
        load.Start();
        load.WaitForMore(1_000);

        ProcessResult text = cluster.Run("admin", "snapshot", "1");
        Succeeds(text);
        output.WriteLine(text.ToString());
        for (int i = 0; i < 7; i++)
        {
            load.WaitForMore(100);
            JsonElement written = Json(cluster.Run("admin", "snapshot", "1", "--json"));
            Assert.True(File.Exists(written.GetProperty("facts").GetProperty("path").GetString()));
            Assert.Equal("done", written.GetProperty("state").GetString());
        }

        string snapshots = Path.Combine(cluster.DataOf(1), "snapshots");
        Assert.Equal(5, Directory.GetFiles(snapshots, "snapshot-*.snap").Length);
        Assert.Equal(File.ReadAllBytes(Directory.GetFiles(snapshots, "snapshot-*.snap").Max(StringComparer.Ordinal)!), File.ReadAllBytes(Path.Combine(snapshots, "latest.snap")));

        // The manual's "Corrupted State", in which state/ stays behind.
        cluster[2].Terminate();
        EmptyFolder(Path.Combine(cluster.DataOf(2), "wal"));
        EmptyFolder(Path.Combine(cluster.DataOf(2), "snapshots"));
        File.Copy(Path.Combine(snapshots, "latest.snap"), Path.Combine(cluster.DataOf(2), "snapshots/latest.snap"));
        load.WaitForMore(200);
        cluster.Start(2);
        cluster.WaitUntilHealthy();

        // And one that has nothing but the file.
        cluster[3].Kill();
        Directory.Delete(cluster.DataOf(3), recursive: true);
        Directory.CreateDirectory(Path.Combine(cluster.DataOf(3), "snapshots"));
        File.Copy(Path.Combine(snapshots, "latest.snap"), Path.Combine(cluster.DataOf(3), "snapshots/latest.snap"));
        load.WaitForMore(200);
        cluster.Start(3);
        cluster.WaitUntilHealthy();

        await load.StopAsync();
        await load.VerifyAsync(store);
        await cluster.AssertStatesAreEqualAsync();
    }

    [Fact]
    public async Task Compaction_frees_space_and_a_follower_that_was_away_gets_a_snapshot()
    {
        using var cluster = new TestCluster(extra: "[storage]\nmax_wal_size_mb = 1\n");
        cluster.StartAll();
        cluster.WaitUntilHealthy();
        cluster[3].Kill();
        await using var store = await TestStore.ConnectAsync(cluster);
        await using var load = new WriteLoad(store, Writers);
        load.Start();
        load.WaitForMore(15_000);
        long before = WalBytes(cluster, 1);

        foreach (int node in (int[])[1, 2])
        {
            ProcessResult compacted = cluster.Run("admin", "compact-log", $"{node}", "100");
            Succeeds(compacted);
            output.WriteLine(compacted.ToString());
            Assert.Matches("freed [0-9.]+ MiB", compacted.Output);
        }

        Assert.True(WalBytes(cluster, 1) < before);
        cluster.Start(3);
        cluster.WaitUntilHealthy();
        load.WaitForMore(500);
        await load.StopAsync();
        await load.VerifyAsync(store);
        await cluster.AssertStatesAreEqualAsync();
    }

    [Fact]
    public void What_was_done_and_refused_can_be_looked_at()
    {
        using var cluster = new TestCluster(nodes: 1);
        cluster.StartAll();
        cluster.WaitUntilHealthy();
        Succeeds(cluster.Run("put", "key", "value"));
        Succeeds(cluster.Run("admin", "snapshot", "1"));

        ProcessResult absent = cluster.Run("admin", "snapshot", "7");
        Assert.Equal(1, absent.ExitCode);
        Assert.Contains("Node 7 is not running, or not in this cluster", absent.Errors, StringComparison.Ordinal);

        Assert.Contains("snapshot 1", cluster.Run("admin", "operations").Output, StringComparison.Ordinal);
        JsonElement[] events = [.. Json(cluster.Run("admin", "audit", "--json")).GetProperty("events").EnumerateArray()];
        Assert.Equal(["done", "began"], events.Where(e => e.GetProperty("what").GetString() == "snapshot 1").Select(e => e.GetProperty("event").GetString()));
        Assert.All(events, e => Assert.Contains('@', e.GetProperty("who").GetString()!));
    }

    [Fact]
    public async Task Leadership_moves_within_a_second_stays_and_is_spread_again()
    {
        using var cluster = new TestCluster();
        cluster.StartAll();
        cluster.WaitUntilHealthy();
        await using var store = await TestStore.ConnectAsync(cluster);
        await using var load = new WriteLoad(store, Writers);
        load.Start();
        load.WaitForMore(500);
        foreach (int node in (int[])[2, 3, 1])
        {
            load.ResetGap();
            ProcessResult moved = cluster.Run("admin", "transfer-leadership", $"{node}", "--json");
            JsonElement report = Json(moved);
            output.WriteLine($"to node {node}: {report.GetProperty("seconds").GetDouble():0.000} s, longest pause of writes {load.LongestGap.TotalMilliseconds:0} ms");
            Assert.Contains($"Node {node}: ✅ Leader", cluster.Run("status").Output, StringComparison.Ordinal);
            Assert.All(Leaders(cluster), leader => Assert.Equal(node, leader));
            load.WaitForMore(500);
        }

        // Whoever leads meanwhile gives it back.
        cluster[1].Kill();
        load.WaitForMore(500);
        cluster.Start(1);
        Eventually.Holds(() => Leaders(cluster), leaders => leaders.TrueForAll(l => l == 1), TimeSpan.FromSeconds(60), cluster.Logs);

        Succeeds(cluster.Run("admin", "balance-leaders"));
        Assert.Equal([1, 2, 3, 1, 2], Leaders(cluster));
        await load.StopAsync();
        await load.VerifyAsync(store);
        await cluster.AssertStatesAreEqualAsync();
    }

    [Fact]
    public void What_is_left_after_a_loss_goes_on_when_an_operator_agrees()
    {
        using var cluster = new TestCluster();
        cluster.StartAll();
        cluster.WaitUntilHealthy();
        Succeeds(cluster.Run("put", "key", "value"));
        Eventually.Holds(() => cluster.Run("status"), r => r.Output.Split('\n').Count(l => l.Contains(" lag 0 ", StringComparison.Ordinal)) == 3, TimeSpan.FromSeconds(30), cluster.Logs);
        foreach (int lost in (int[])[1, 2])
        {
            cluster[lost].Kill();
            Directory.Delete(cluster.DataOf(lost), recursive: true);
        }

        ProcessResult asked = cluster.Run("admin", "transfer-leadership", "3", "--timeout", "30");
        Assert.Equal(1, asked.ExitCode);
        Assert.Contains("node 1 does not answer", asked.Errors, StringComparison.Ordinal);
        Assert.Contains("was not confirmed", asked.Errors, StringComparison.Ordinal);
        output.WriteLine(asked.Errors);
        Assert.NotEqual(0, cluster.Run("put", "key", "none", "--timeout", "2").ExitCode);

        Succeeds(cluster.RunWithInput("yes\n"u8.ToArray(), "admin", "transfer-leadership", "3", "--timeout", "30"));
        Assert.Equal("value", cluster.Run("get", "key").Output);
        Succeeds(cluster.Run("put", "key", "next"));

        cluster.Start(1);
        cluster.Start(2);
        cluster.WaitUntilHealthy(TimeSpan.FromSeconds(60));
        Assert.Equal("next", cluster.Run("get", "key").Output);
        Assert.All(Leaders(cluster), leader => Assert.Equal(3, leader));
    }

    [Fact]
    public async Task A_node_leaves_stays_away_and_comes_back_only_when_it_is_added()
    {
        using var cluster = new TestCluster();
        cluster.StartAll();
        cluster.WaitUntilHealthy();
        await using var store = await TestStore.ConnectAsync(cluster, first: 1);
        await using var load = new WriteLoad(store, Writers);
        load.Start();
        load.WaitForMore(1_000);

        ProcessResult removed = cluster.Run("admin", "remove-node", "3", "--timeout", "30");
        Succeeds(removed);
        output.WriteLine($"{removed}\nlongest pause of writes {load.LongestGap.TotalMilliseconds:0} ms");
        Assert.True(cluster[3].WaitForExit(TimeSpan.FromSeconds(15)), cluster.Logs());
        Assert.Equal(0, cluster[3].ExitCode);
        Eventually.Holds(() => cluster.Run("status"), r => r.Output.Contains("Healthy", StringComparison.Ordinal) && !r.Output.Contains("Node 3", StringComparison.Ordinal) && r.Output.Contains("Quorum: 2/2", StringComparison.Ordinal), TimeSpan.FromSeconds(30), cluster.Logs);

        // With a stale configuration file, and with an empty directory too.
        cluster.Start(3);
        Eventually.Holds(() => cluster[3].Output, o => o.Contains("was removed from the cluster", StringComparison.Ordinal), TimeSpan.FromSeconds(60));
        cluster[3].Terminate();
        Directory.Delete(cluster.DataOf(3), recursive: true);
        cluster.Start(3);
        Eventually.Holds(() => cluster[3].Output, o => o.Contains("was removed from the cluster", StringComparison.Ordinal), TimeSpan.FromSeconds(60));
        Assert.DoesNotContain("Node 3", cluster.Run("status").Output, StringComparison.Ordinal);
        ProcessResult twice = cluster.Run("admin", "remove-node", "3");
        Assert.True(twice.ExitCode == 1 && twice.Errors.Contains("was removed already", StringComparison.Ordinal), twice.ToString());

        Succeeds(cluster.Run("admin", "add-node", "3", cluster.AddressOf(3), "--timeout", "30"));
        Eventually.Holds(() => cluster.Run("status"), r => r.Output.Contains("Healthy", StringComparison.Ordinal) && r.Output.Contains("Quorum: 3/3", StringComparison.Ordinal), TimeSpan.FromSeconds(30), cluster.Logs);
        await load.StopAsync();
        await load.VerifyAsync(store);
        await cluster.AssertStatesAreEqualAsync();
    }

    [Fact]
    public void A_node_that_the_rest_needs_is_not_removed()
    {
        using var cluster = new TestCluster();
        cluster.StartAll();
        cluster.WaitUntilHealthy();
        cluster[2].Kill();

        ProcessResult refused = cluster.Run("admin", "remove-node", "3", "--timeout", "30");
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("only node 1 is up and can vote: that is no majority", refused.Errors, StringComparison.Ordinal);
        Assert.Contains("--force", refused.Errors, StringComparison.Ordinal);
        ProcessResult wrong = cluster.RunWithInput("node-2\n"u8.ToArray(), "admin", "remove-node", "3", "--force", "--timeout", "30");
        Assert.Equal(1, wrong.ExitCode);
        Assert.Contains("Type node-3", wrong.Errors, StringComparison.Ordinal);

        // What the message advises.
        cluster.Start(2);
        cluster.WaitUntilHealthy();
        Succeeds(cluster.Run("admin", "remove-node", "3", "--timeout", "30"));
        ProcessResult unknown = cluster.Run("admin", "remove-node", "9");
        Assert.True(unknown.ExitCode == 1 && unknown.Errors.Contains("is not a member", StringComparison.Ordinal), unknown.ToString());
    }

    [Fact]
    public async Task A_cluster_grows_by_its_configuration_files_alone()
    {
        using var cluster = new TestCluster();
        cluster.StartAll();
        cluster.WaitUntilHealthy();
        await using var store = await TestStore.ConnectAsync(cluster);
        await using var load = new WriteLoad(store, Writers);
        load.Start();
        load.WaitForMore(500);
        int added = cluster.AddNode(isListedByOthers: true);
        foreach (int node in (int[])[1, 2, 3])
        {
            cluster[node].Terminate();
            cluster.Start(node);
            Eventually.Holds(() => cluster.Run("status", $"{node}"), r => r.Output.Contains($"Node {node}: ✅", StringComparison.Ordinal), TimeSpan.FromSeconds(30), cluster.Logs);
        }

        cluster.Start(added);
        cluster.WaitUntilHealthy(TimeSpan.FromSeconds(60));
        Assert.Contains("Quorum: 4/4", cluster.Run("status").Output, StringComparison.Ordinal);
        await load.StopAsync();
        await load.VerifyAsync(store);
        await cluster.AssertStatesAreEqualAsync();
    }

    [Fact]
    public void An_operation_goes_on_without_its_command_and_lets_no_other_in_between()
    {
        using var cluster = new TestCluster();
        cluster.StartAll();
        cluster.WaitUntilHealthy();
        Succeeds(cluster.Run("put", "key", "value"));
        int added = cluster.AddNode(isListedByOthers: false);
        using (var command = new NodeProcess(cluster.Root, "admin", "add-node", $"{added}", cluster.AddressOf(added), "--config", cluster.ConfigurationOf(1)))
        {
            Eventually.Holds(() => command.Output, o => o.Contains("wait for it to start", StringComparison.Ordinal), TimeSpan.FromSeconds(30));
            command.Kill();
        }

        ProcessResult second = cluster.Run("admin", "remove-node", "2");
        Assert.True(second.ExitCode == 1 && second.Errors.Contains($"'add-node {added} {cluster.AddressOf(added)}' is under way", StringComparison.Ordinal), second.ToString());
        cluster.Start(added);

        Eventually.Holds(() => cluster.Run("admin", "operations"), r => r.Output.Contains($"done     add-node {added}", StringComparison.Ordinal), TimeSpan.FromSeconds(60), cluster.Logs);
        Eventually.Holds(() => cluster.Run("status"), r => r.Output.Contains("Healthy", StringComparison.Ordinal) && r.Output.Contains("Quorum: 4/4", StringComparison.Ordinal), TimeSpan.FromSeconds(30), cluster.Logs);
        Assert.Contains("refused", cluster.Run("admin", "audit").Output, StringComparison.Ordinal);
    }

    /// <summary>Leader of each group, in order.</summary>
    private static List<int> Leaders(TestCluster cluster) =>
        [.. Json(cluster.Run("status", "--json"), allowed: 1).GetProperty("nodes").EnumerateArray()
            .SelectMany(n => n.GetProperty("groups").EnumerateArray())
            .Where(g => g.GetProperty("role").GetString() == "Leader")
            .GroupBy(g => g.GetProperty("group").GetInt32())
            .OrderBy(g => g.Key)
            .Select(g => g.MaxBy(r => r.GetProperty("term").GetInt64()).GetProperty("leader").GetInt32())];

    private static long WalBytes(TestCluster cluster, int node) => Directory.GetFiles(Path.Combine(cluster.DataOf(node), "wal"), "*.wal").Sum(f => new FileInfo(f).Length);

    private static void EmptyFolder(string folder)
    {
        foreach (string file in Directory.GetFiles(folder))
        {
            File.Delete(file);
        }
    }

    private static JsonElement Json(ProcessResult result, int allowed = 0)
    {
        Assert.True(result.ExitCode == 0 || result.ExitCode == allowed, result.ToString());
        return JsonDocument.Parse(result.Output).RootElement;
    }

    private static void Succeeds(ProcessResult result) => Assert.True(result.ExitCode == 0, string.Create(CultureInfo.InvariantCulture, $"{result}"));
}
