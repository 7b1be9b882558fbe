using Lattice.Core.Verification;
using Lattice.EndToEnd.Tests.Harness;

namespace Lattice.EndToEnd.Tests;

/// <summary>What nobody reads or writes is checked all the same: a node that holds something wrong finds it, stops and says what it is, and comes back clean.</summary>
public sealed class ScrubTests
{
    private static readonly TimeSpan RoundTimeout = TimeSpan.FromSeconds(60);

    [Fact]
    public void A_cached_record_that_changed_is_found_though_nobody_touches_it()
    {
        using var cluster = new TestCluster(extra: "[verification]\nallow_drills = true\n");
        cluster.StartAll();
        cluster.WaitUntilHealthy();
        for (int i = 0; i < 50; i++)
        {
            cluster.Run("put", $"key-{i}", $"value-{i}").AssertSucceeded();
        }

        int node = cluster.Nodes.First(n => n != cluster.LeaderNode());
        cluster.Run("admin", "drill", $"{node}", "cache").AssertSucceeded();

        HaltsWith(cluster, node, "a bit of a cached record flips, and nobody touches it", DivergenceClass.CacheIncoherence, DivergenceComponent.RecordCache);
        DivergedNode.ComesBack(cluster, node);
        Assert.Equal("value-7", cluster.Run("get", "key-7").Output);
    }

    [Fact]
    public void An_operator_has_a_node_verified_at_once()
    {
        using var cluster = new TestCluster(extra: "[verification]\nallow_drills = true\nscrub_mb_per_second = 0\n");
        cluster.StartAll();
        cluster.WaitUntilHealthy();
        for (int i = 0; i < 50; i++)
        {
            cluster.Run("put", $"key-{i}", $"value-{i}").AssertSucceeded();
        }

        int node = cluster.LeaderNode();
        foreach (int sound in cluster.Nodes)
        {
            ProcessResult result = cluster.Run("admin", "verify", $"{sound}");
            Assert.True(result.ExitCode == 0 && result.Output.Contains("holds what it has to hold", StringComparison.Ordinal), result.ToString());
        }

        cluster.Run("admin", "drill", $"{node}", "disk").AssertSucceeded();
        ProcessResult found = cluster.Run("admin", "verify", $"{node}");

        Assert.True(found.ExitCode is 1 or 2 && !found.Output.Contains("holds what it has to hold", StringComparison.Ordinal), found.ToString());
        HaltsWith(cluster, node, "a bit of a stored record flips, and an operator has the node verified", DivergenceClass.DiskCorruption, DivergenceComponent.StateStore);
        DivergedNode.ComesBack(cluster, node);
        Assert.Equal("value-7", cluster.Run("get", "key-7").Output);
    }

    [Fact]
    public void A_snapshot_file_that_changed_on_the_disk_is_found()
    {
        using var cluster = new TestCluster(extra: "[storage]\nsnapshot_interval = 100\nmax_wal_size_mb = 1\n");
        cluster.StartAll();
        cluster.WaitUntilHealthy();
        int node = cluster.Nodes.First(n => n != cluster.LeaderNode());
        string folder = Path.Combine(cluster.DataOf(node), "snapshots");
        cluster.Run("benchmark", "3", "--clients", "16").AssertSucceeded();
        string file = Eventually.Holds(() => Directory.GetFiles(folder, "snapshot-*.snap").Order(StringComparer.Ordinal).LastOrDefault(), f => f is not null, RoundTimeout)!;
        byte[] content = File.ReadAllBytes(file);
        content[content.Length / 2] ^= 1;
        File.WriteAllBytes(file, content);

        // It belongs to the node, not to one of its groups.
        Assert.Null(HaltsWith(cluster, node, "a byte of a snapshot file changes", DivergenceClass.DiskCorruption, DivergenceComponent.Snapshot).Group);
        DivergedNode.ComesBack(cluster, node);
    }

    [Fact]
    public void A_sealed_segment_of_the_log_that_changed_on_the_disk_is_found()
    {
        using var cluster = new TestCluster(extra: "[storage]\nmax_wal_size_mb = 1\n");
        cluster.StartAll();
        cluster.WaitUntilHealthy();
        int node = cluster.Nodes.First(n => n != cluster.LeaderNode());
        string folder = Path.Combine(cluster.DataOf(node), "wal");
        cluster.Run("benchmark", "3", "--clients", "16", "--value-size", "4096").AssertSucceeded();
        string file = Eventually.Holds(() => Directory.GetFiles(folder, "*.wal").Order(StringComparer.Ordinal).ToArray(), f => f.Length > 2, RoundTimeout)[0];
        using (FileStream segment = File.Open(file, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite))
        {
            segment.Position = segment.Length / 2;
            int value = segment.ReadByte();
            segment.Position--;
            segment.WriteByte((byte)(value ^ 1));
        }

        Assert.Null(HaltsWith(cluster, node, "a byte of a sealed segment of the log changes", DivergenceClass.DiskCorruption, DivergenceComponent.Log).Group);
        DivergedNode.ComesBack(cluster, node);
    }

    private static DivergenceReport HaltsWith(TestCluster cluster, int node, string what, DivergenceClass cause, DivergenceComponent component)
    {
        DivergenceReport report = DivergedNode.HaltsWith(cluster, node, what, cause, component);
        cluster.Run("put", "while-it-is-down", "1").AssertSucceeded();
        return report;
    }
}
