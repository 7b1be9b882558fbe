using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Lattice.EndToEnd.Tests.Harness;
using Xunit.Abstractions;

namespace Lattice.EndToEnd.Tests;

/// <summary>Backups are taken while writes go on, bring nodes and whole clusters back, and are never half of anything.</summary>
public sealed class BackupTests(ITestOutputHelper output)
{
    private const int Writers = 32;

    [Fact]
    public async Task A_node_restored_from_a_backup_taken_under_load_gets_the_rest_from_the_others()
    {
        using var cluster = new TestCluster();
        cluster.StartAll();
        cluster.WaitUntilHealthy();
        await using var store = await TestStore.ConnectAsync(cluster);
        await using var load = new WriteLoad(store, Writers);
        load.Start();
        load.WaitForMore(2_000);
        int node = cluster.LeaderNode();
        string file = Path.Combine(cluster.Root, "backups/node.tar.gz");

        cluster.Run("backup", $"{node}", file).AssertSucceeded();
        load.WaitForMore(1_000);
        ProcessResult whileRunning = cluster.Run("restore", $"{node}", file);
        cluster[node].Kill();
        cluster.Run("restore", $"{node}", file).AssertSucceeded();
        load.WaitForMore(1_000);
        cluster.Start(node);
        cluster.WaitUntilHealthy(TimeSpan.FromSeconds(60));

        await load.StopAsync();
        await load.VerifyAsync(store);
        await cluster.AssertStatesAreEqualAsync();
        Assert.NotEqual(0, whileRunning.ExitCode);
        Assert.Contains("is running", whileRunning.Errors, StringComparison.Ordinal);
        output.WriteLine($"longest pause {load.LongestGap.TotalMilliseconds:0} ms");
    }

    [Fact]
    public async Task A_cluster_that_lost_everything_comes_back_with_the_newest_of_its_backups()
    {
        using var cluster = new TestCluster();
        cluster.StartAll();
        cluster.WaitUntilHealthy();
        cluster.Run("put", "before", "1").AssertSucceeded();
        cluster.Run("backup", "1", FileOf(cluster, 1)).AssertSucceeded();
        cluster.Run("put", "between", "2").AssertSucceeded();
        cluster.Run("backup", "2", FileOf(cluster, 2)).AssertSucceeded();
        cluster.Run("backup", "3", FileOf(cluster, 3)).AssertSucceeded();
        cluster.Run("put", "after", "3").AssertSucceeded();
        foreach (int node in cluster.Nodes)
        {
            cluster[node].Kill();
            Directory.Delete(cluster.DataOf(node), recursive: true);
            cluster.Run("restore", $"{node}", FileOf(cluster, node)).AssertSucceeded();
        }

        cluster.StartAll();
        cluster.WaitUntilHealthy();

        Assert.Equal("1", cluster.Run("get", "before").Output);
        Assert.Equal("2", cluster.Run("get", "between").Output);
        Assert.Equal(1, cluster.Run("get", "after").ExitCode);
        await cluster.AssertStatesAreEqualAsync();
    }

    [Fact]
    public void Plain_tools_open_a_backup_and_any_damage_to_it_is_found_before_anything_is_touched()
    {
        using var cluster = new TestCluster(nodes: 1);
        cluster.StartAll();
        cluster.WaitUntilHealthy();
        cluster.Run("put", "key", "value").AssertSucceeded();
        string file = FileOf(cluster, 1);
        cluster.Run("backup", "1", file).AssertSucceeded();
        string unpacked = Directory.CreateDirectory(Path.Combine(cluster.Root, "unpacked")).FullName;
        ProcessResult.OfTool("tar", "-xzf", file, "-C", unpacked).AssertSucceeded();
        ProcessResult.OfTool("sh", "-c", $"cd '{unpacked}' && sha256sum -c SHA256SUMS").AssertSucceeded();
        cluster.Run("backup", "verify", file).AssertSucceeded();
        cluster[1].Kill();
        string[] before = [.. Directory.GetFileSystemEntries(Path.Combine(cluster.Root, "var/lib/lattice"), "node-1*", SearchOption.AllDirectories)];

        byte[] sound = File.ReadAllBytes(file);
        foreach (int at in Enumerable.Range(0, 16).Select(i => (i * (sound.Length - 1) / 15)))
        {
            byte[] damaged = [.. sound];
            damaged[at] ^= 0x40;
            File.WriteAllBytes(file, damaged);
            IsRefusedOrEqual(cluster, file, $"byte {at}");
        }

        for (int length = 0; length < sound.Length; length += sound.Length / 10)
        {
            File.WriteAllBytes(file, sound.AsSpan(0, length));
            ProcessResult result = cluster.Run("restore", "1", file);
            Assert.True(result.ExitCode == 1 && result.Errors.Contains("Nothing was changed", StringComparison.Ordinal), $"cut to {length}: {result}");
        }

        string[] after = [.. Directory.GetFileSystemEntries(Path.Combine(cluster.Root, "var/lib/lattice"), "node-1*", SearchOption.AllDirectories)];
        Assert.Equal(before.AsEnumerable(), after);
    }

    [Fact]
    public async Task Who_backed_up_what_and_when_is_remembered_also_by_a_node_that_was_restarted()
    {
        const string Metric = "lattice_backup_last_success_timestamp_seconds";
        using var cluster = new TestCluster(nodes: 1);
        cluster.StartAll();
        cluster.WaitUntilHealthy();
        cluster.Run("put", "key", "value").AssertSucceeded();
        Assert.DoesNotContain($"\n{Metric}", await cluster.MetricsOfAsync(1), StringComparison.Ordinal);
        long before = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        cluster.Run("backup", "1", FileOf(cluster, 1)).AssertSucceeded();

        ProcessResult listed = Eventually.Holds(() => cluster.Run("admin", "operations", "--json"), r => r.Output.Contains("\"done\"", StringComparison.Ordinal), TimeSpan.FromSeconds(20), cluster.Logs);
        JsonElement operation = JsonDocument.Parse(listed.Output).RootElement.GetProperty("operations")[0];
        Assert.Equal(("backup 1", "done"), (operation.GetProperty("operation").GetString(), operation.GetProperty("state").GetString()));
        Assert.Contains('@', operation.GetProperty("who").GetString()!);
        Assert.True(long.Parse(operation.GetProperty("facts").GetProperty("bytes").GetString()!, CultureInfo.InvariantCulture) > 0);
        ProcessResult audit = cluster.Run("admin", "audit");
        Assert.Contains("backup 1  began", audit.Output, StringComparison.Ordinal);
        Assert.Contains("backup 1  done", audit.Output, StringComparison.Ordinal);

        cluster[1].Terminate();
        cluster.Start(1);
        cluster.WaitUntilHealthy();
        Match told = Regex.Match(await cluster.MetricsOfAsync(1), $@"\n{Metric}(\{{[^}}]*\}})? (?<at>[0-9.e+]+)", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1));
        Assert.True(told.Success);
        Assert.InRange(double.Parse(told.Groups["at"].Value, CultureInfo.InvariantCulture), before, DateTimeOffset.UtcNow.ToUnixTimeSeconds());
    }

    [Fact]
    public void A_backup_of_another_node_is_taken_only_when_that_is_meant()
    {
        using var cluster = new TestCluster();
        cluster.StartAll();
        cluster.WaitUntilHealthy();
        cluster.Run("put", "key", "value").AssertSucceeded();
        cluster.Run("backup", "1", FileOf(cluster, 1)).AssertSucceeded();
        cluster[2].Kill();

        ProcessResult refused = cluster.Run("restore", "2", FileOf(cluster, 1));
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("--force", refused.Errors, StringComparison.Ordinal);
        cluster.Run("restore", "2", FileOf(cluster, 1), "--force").AssertSucceeded();
        cluster.Start(2);
        cluster.WaitUntilHealthy();
        Assert.Equal("value", cluster.Run("get", "key").Output);
    }

    [Fact]
    public void What_an_interrupted_restore_left_of_the_former_data_is_kept()
    {
        using var cluster = new TestCluster(nodes: 1);
        cluster.StartAll();
        cluster.WaitUntilHealthy();
        cluster.Run("put", "key", "value").AssertSucceeded();
        cluster.Run("backup", "1", FileOf(cluster, 1)).AssertSucceeded();
        cluster[1].Kill();

        // As after a crash between the exchange of the names and the next step.
        string left = cluster.DataOf(1) + ".restoring";
        Directory.CreateDirectory(left);
        File.WriteAllText(Path.Combine(left, "LOCK"), "");
        File.WriteAllText(Path.Combine(left, "former"), "data");
        cluster.Run("restore", "1", FileOf(cluster, 1)).AssertSucceeded();

        string[] kept = Directory.GetDirectories(Path.GetDirectoryName(left)!, "node-1.before-restore-*");
        Assert.Equal(2, kept.Length);
        Assert.Single(kept, d => File.Exists(Path.Combine(d, "former")));
    }

    private static string FileOf(TestCluster cluster, int node) => Path.Combine(cluster.Root, $"backups/node{node}.tar.gz");

    // Some bytes of gzip's and tar's headers mean nothing to anybody.
    private static void IsRefusedOrEqual(TestCluster cluster, string file, string what)
    {
        ProcessResult result = cluster.Run("backup", "verify", file);
        bool isHarmless = result.ExitCode == 0 && ProcessResult.OfTool("sh", "-c", $"tar -xzOf '{file}' SHA256SUMS").ExitCode == 0;
        Assert.True(isHarmless || (result.ExitCode == 1 && result.Errors.Contains("cannot be used", StringComparison.Ordinal)), $"{what}: {result}");
    }
}
