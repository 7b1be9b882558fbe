using System.Text.Json;
using Lattice.EndToEnd.Tests.Harness;
using Xunit.Abstractions;

namespace Lattice.EndToEnd.Tests;

/// <summary>
/// kill -9 at random moments of what operators have done: each operation is finished or undone and never half, it can be repeated, and nothing acknowledged is lost.
/// </summary>
[Trait("Share", "Full")]
public sealed class KillTests(ITestOutputHelper output)
{
    private const int Writers = 16;
    private const int LargeRecords = 160;
    private const int LargeBytes = 128 << 10;

    // What an operation that waits for its node may take.
    private const string Patience = "60";

    [Fact]
    public async Task A_snapshot_a_compaction_or_a_backup_whose_node_is_killed_is_whole_or_not_there()
    {
        var points = new KillPoints(output);
        using var cluster = new TestCluster(extra: "[storage]\nmax_wal_size_mb = 1\n");
        cluster.StartAll();
        cluster.WaitUntilHealthy();
        await using var store = await TestStore.ConnectAsync(cluster);
        await FillAsync(store);
        await using var load = new WriteLoad(store, Writers);
        load.Start();
        load.WaitForMore(2_000);
        string file = Path.Combine(cluster.Root, "backups/node2.tar.gz");

        await NodeKilledAsync(points, cluster, ["admin", "snapshot", "2", "--timeout", Patience], () =>
        {
            string snapshots = Path.Combine(cluster.DataOf(2), "snapshots");
            Assert.DoesNotContain(Directory.GetFiles(snapshots), f => new FileInfo(f).Length == 0);
        });

        // After each: the journal remembers the latest hundred operations, and these are more.
        AssertNothingRuns(cluster, "snapshot 2");
        await NodeKilledAsync(points, cluster, ["admin", "compact-log", "2", "10", "--timeout", Patience], static () => { });
        AssertNothingRuns(cluster, "compact-log 2");
        await NodeKilledAsync(points, cluster, ["backup", "2", file], () => cluster.Run("backup", "verify", file).AssertSucceeded());
        AssertNothingRuns(cluster, "backup 2");

        // The command itself, too. What stands under the name is the earlier backup or the new one.
        await points.SpreadAsync("backup, its command", () => cluster.Run("backup", "2", file).AssertSucceeded(), async moment =>
        {
            using var command = new NodeProcess(cluster.Root, "backup", "2", file);
            await Task.Delay(moment);
            command.Kill();
            cluster.Run("backup", "verify", file).AssertSucceeded();

            // The node gives up what nobody reads any more.
            Eventually.Holds(() => cluster.Run("backup", "1", Path.Combine(cluster.Root, "backups/other.tar.gz")), r => r.ExitCode == 0, TimeSpan.FromSeconds(120));
        });

        AssertNothingRuns(cluster, "backup 1");
        await load.StopAsync();
        await load.VerifyAsync(store);
        cluster.Run("admin", "verify", "2", "--timeout", Patience).AssertSucceeded();
        await cluster.AssertStatesAreEqualAsync();
    }

    [Fact]
    public async Task A_restore_that_is_killed_leaves_the_former_data_or_the_restored_and_can_be_repeated()
    {
        var points = new KillPoints(output);
        using var cluster = new TestCluster();
        cluster.StartAll();
        cluster.WaitUntilHealthy();
        await using var store = await TestStore.ConnectAsync(cluster, first: 1);
        await FillAsync(store);
        string file = Path.Combine(cluster.Root, "backups/node3.tar.gz");
        cluster.Run("backup", "3", file).AssertSucceeded();
        await using var load = new WriteLoad(store, Writers);
        load.Start();
        load.WaitForMore(500);

        void Measure()
        {
            cluster[3].Kill();
            cluster.Run("restore", "3", file).AssertSucceeded();
            cluster.Start(3);
            cluster.WaitUntilHealthy(TimeSpan.FromSeconds(120));
            cluster[3].Kill();
        }

        // Only the restore is what is measured.
        Measure();
        await points.SpreadAsync("restore", () => cluster.Run("restore", "3", file).AssertSucceeded(), async moment =>
        {
            using (var command = new NodeProcess(cluster.Root, "restore", "3", file))
            {
                await Task.Delay(moment);
                command.Kill();
            }

            Assert.True(Directory.Exists(cluster.DataOf(3)), "the node has no data directory");
            bool isRepeated = points.Pick(2) == 1;
            if (isRepeated)
            {
                cluster.Run("restore", "3", file).AssertSucceeded();
            }

            cluster.Start(3);
            cluster.WaitUntilHealthy(TimeSpan.FromSeconds(120));
            cluster[3].Kill();
            foreach (string kept in Directory.GetDirectories(Path.GetDirectoryName(cluster.DataOf(3))!, "node-3.before-restore-*"))
            {
                Directory.Delete(kept, recursive: true);
            }
        });
        cluster.Start(3);
        cluster.WaitUntilHealthy(TimeSpan.FromSeconds(120));
        await load.StopAsync();
        await load.VerifyAsync(store);
        await cluster.AssertStatesAreEqualAsync();
    }

    [Fact]
    public async Task A_change_of_the_members_in_which_a_node_is_killed_is_done_or_can_be_repeated()
    {
        var points = new KillPoints(output);
        using var cluster = new TestCluster();
        cluster.StartAll();
        cluster.WaitUntilHealthy();
        await using var store = await TestStore.ConnectAsync(cluster);
        await using var load = new WriteLoad(store, Writers);
        load.Start();
        load.WaitForMore(500);
        string[] remove = ["admin", "remove-node", "3", "--timeout", Patience];
        string[] add = ["admin", "add-node", "3", cluster.AddressOf(3), "--timeout", Patience];

        void Removed()
        {
            Eventually.Holds(() => cluster.Run(remove), r => r.Errors.Contains("was removed already", StringComparison.Ordinal), TimeSpan.FromSeconds(120), cluster.Logs);

            // It was told to stop, but may still be about to, and one that was just started again was not told.
            cluster[3].Terminate();
            cluster.Start(3);
        }

        void Added()
        {
            Eventually.Holds(() => cluster.Run(add), r => r.Errors.Contains("is a member of all groups already", StringComparison.Ordinal), TimeSpan.FromSeconds(120), cluster.Logs);
            cluster.WaitUntilHealthy(TimeSpan.FromSeconds(120));
        }

        // Each operation undoes the other, so they take turns.
        await points.SpreadAsync("remove-node", () => cluster.Run(remove).AssertSucceeded(), async moment =>
        {
            if (cluster.Run("status").Output.Contains("Quorum: 2/2", StringComparison.Ordinal))
            {
                Removed();
                await KillDuringAsync(cluster, points.Pick(3), moment, add);
                Added();
            }

            await KillDuringAsync(cluster, points.Pick(3), moment, remove);
            Removed();
            await KillDuringAsync(cluster, points.Pick(3), moment, add);
            Added();
        });

        AssertNothingRuns(cluster, "remove-node 3", "add-node 3");
        await load.StopAsync();
        await load.VerifyAsync(store);
        await cluster.AssertStatesAreEqualAsync();
    }

    private static async Task FillAsync(TestStore store) =>
        await Parallel.ForEachAsync(Enumerable.Range(0, LargeRecords), async (i, _) => await store.PutAsync($"large/{i}", Convert.ToBase64String(System.Security.Cryptography.RandomNumberGenerator.GetBytes(LargeBytes))));

    private async Task NodeKilledAsync(KillPoints points, TestCluster cluster, string[] command, Action check) =>
        await points.SpreadAsync(string.Join(' ', command.TakeWhile(word => word[0] != '-' && word[0] != '/')), () => cluster.Run(command).AssertSucceeded(), async moment =>
        {
            await KillDuringAsync(cluster, 2, moment, command);
            cluster.WaitUntilHealthy(TimeSpan.FromSeconds(120));
            check();
            Eventually.Holds(() => cluster.Run(command), r => r.ExitCode == 0, TimeSpan.FromSeconds(120), cluster.Logs);
        });

    private async Task KillDuringAsync(TestCluster cluster, int node, TimeSpan moment, string[] command)
    {
        Task<ProcessResult> running = Task.Run(() => cluster.Run(command));
        await Task.Delay(moment);
        cluster[node].Kill();
        cluster.Start(node);
        ProcessResult ended = await running;
        output.WriteLine($"node {node} killed: exit {ended.ExitCode} {ended.Output.Trim()} {ended.Errors.Trim()}");
        Assert.True(ended.ExitCode == 0 || ended.Errors.Length > 0, "it failed without a word");
    }

    private static void AssertNothingRuns(TestCluster cluster, params string[] journaled)
    {
        ProcessResult operations = Eventually.Holds(
            () => cluster.Run("admin", "operations", "--json"),
            r => r.ExitCode == 0 && JsonDocument.Parse(r.Output).RootElement.GetProperty("operations").EnumerateArray().All(o => o.GetProperty("state").GetString() is "done" or "failed"),
            TimeSpan.FromSeconds(120),
            cluster.Logs);
        Assert.All(journaled, title => Assert.Contains($"\"{title}", operations.Output, StringComparison.Ordinal));
    }
}
