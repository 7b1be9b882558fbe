using System.Globalization;
using System.Text.Json;
using Lattice.EndToEnd.Tests.Harness;
using Xunit.Abstractions;

namespace Lattice.EndToEnd.Tests;

/// <summary>What operators do to a running cluster: every operation is whole or undone, and nothing acknowledged is lost by it.</summary>
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
    public async Task A_node_killed_in_the_middle_of_a_snapshot_or_a_compaction_comes_back_whole()
    {
        using var cluster = new TestCluster(extra: "[storage]\nmax_wal_size_mb = 1\n");
        cluster.StartAll();
        cluster.WaitUntilHealthy();
        await using var store = await TestStore.ConnectAsync(cluster);
        await using var load = new WriteLoad(store, Writers);
        load.Start();
        load.WaitForMore(5_000);
        var random = new Random(20_261_124);
        for (int round = 0; round < 10; round++)
        {
            string[] command = round % 2 == 0 ? ["admin", "snapshot", "2", "--timeout", "60"] : ["admin", "compact-log", "2", "10", "--timeout", "60"];
            Task<ProcessResult> running = Task.Run(() => cluster.Run(command));
            await Task.Delay(random.Next(150, 900));
            cluster[2].Kill();
            cluster.Start(2);
            ProcessResult ended = await running;
            output.WriteLine($"round {round}: exit {ended.ExitCode} {ended.Output.Trim()} {ended.Errors.Trim()}");
            cluster.WaitUntilHealthy();
            string snapshots = Path.Combine(cluster.DataOf(2), "snapshots");
            foreach (string file in Directory.Exists(snapshots) ? Directory.GetFiles(snapshots, "*.snap") : [])
            {
                Assert.True(new FileInfo(file).Length > 0, file);
            }

            Succeeds(cluster.Run("admin", "verify", "2", "--timeout", "60"));
        }

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

    private static long WalBytes(TestCluster cluster, int node) => Directory.GetFiles(Path.Combine(cluster.DataOf(node), "wal"), "*.wal").Sum(f => new FileInfo(f).Length);

    private static void EmptyFolder(string folder)
    {
        foreach (string file in Directory.GetFiles(folder))
        {
            File.Delete(file);
        }
    }

    private static JsonElement Json(ProcessResult result)
    {
        Succeeds(result);
        return JsonDocument.Parse(result.Output).RootElement;
    }

    private static void Succeeds(ProcessResult result) => Assert.True(result.ExitCode == 0, string.Create(CultureInfo.InvariantCulture, $"{result}"));
}
