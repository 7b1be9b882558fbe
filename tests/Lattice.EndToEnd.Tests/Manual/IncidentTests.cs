using System.Text.RegularExpressions;
using Lattice.EndToEnd.Tests.Harness;
using Xunit.Abstractions;

namespace Lattice.EndToEnd.Tests.Manual;

/// <summary>The operations manual's answers to what goes wrong: followed to the letter, they bring the cluster back, with everything that was acknowledged.</summary>
[Trait("Share", "Full")]
public sealed partial class IncidentTests(ITestOutputHelper output)
{
    [SkippableFact]
    public async Task A_node_whose_log_is_damaged_is_restored_from_its_backup()
    {
        await using ManualCluster cluster = await ManualCluster.StartAsync(output);
        cluster.Shell("lattice backup 2 /var/backups/node2-latest.tar.gz");
        cluster.Shell("systemctl kill lattice@2; for f in /var/lib/lattice/node-2/wal/*.wal; do dd if=/dev/urandom of=$f bs=64 seek=20 count=8 conv=notrunc status=none; done");
        string printed = cluster.Follow("node-failure", ["systemctl", "lattice status", "sudo \"$@\"", "sudo systemctl"]);

        // It may be restarted after it was killed; not after it has found that its log is damaged, so that the restore finds it at rest.
        Assert.InRange(cluster.Services[2].Restarts, 0, 1);
        Assert.Contains("Node 2 has the state of node 2", printed, StringComparison.Ordinal);
        cluster.WaitUntilHealthy("Quorum: 3/3");
        await cluster.VerifyAsync();
    }

    [SkippableFact]
    public async Task A_network_that_splits_leaves_one_side_that_writes_and_heals()
    {
        await using ManualCluster cluster = await ManualCluster.StartAsync(output, apart: 3);
        cluster.Shell("lattice put before 1");
        cluster.ResetPauses();
        cluster.Machine.Cut();

        // Each side says who does not reach whom.
        string majority = Seen(cluster, node: 1, "Quorum: 2/3", "1 3 silent", "2 3 silent", "1 2 alive", "2 1 alive");
        Assert.Contains("Node 3: ❌", majority, StringComparison.Ordinal);
        Seen(cluster, node: 3, "Majority lost: 1/3", "3 1 silent", "3 2 silent");

        // The side without a majority acknowledges nothing and vouches for nothing, while the other one serves.
        await Task.WhenAll(Enumerable.Range(0, 4).Select(n => Task.Run(() => AssertRefused(cluster, "put", $"minority/{n}", "1"))));
        AssertRefused(cluster, "get", "before");
        cluster.WaitForWrites(500);
        cluster.ReportPauses("split network");

        cluster.Machine.Join();
        cluster.WaitUntilHealthy("Quorum: 3/3");
        string printed = cluster.Follow("split-brain");
        Assert.Contains("3 packets transmitted, 3 received", printed, StringComparison.Ordinal);
        cluster.WaitUntilHealthy("Quorum: 3/3");
        Assert.Equal("1", cluster.Shell("lattice get before").Trim());
        await cluster.VerifyAsync();
    }

    [SkippableFact]
    public async Task A_node_that_hangs_is_restarted()
    {
        await using ManualCluster cluster = await ManualCluster.StartAsync(output);
        cluster.Services[3].Pause();
        Eventually.Holds(() => cluster.Machine.Run("lattice", "status"), r => r.Output.Contains("Node 3: ❌", StringComparison.Ordinal), TimeSpan.FromSeconds(30));
        cluster.Shell("systemctl stop lattice@3; systemctl start lattice@3");
        cluster.WaitUntilHealthy("Quorum: 3/3");
        await cluster.VerifyAsync();
    }

    [SkippableFact]
    public async Task A_slow_node_is_looked_at_and_tuned()
    {
        await using ManualCluster cluster = await ManualCluster.StartAsync(output);
        Assert.Contains("latency", cluster.Follow("high-latency", ["grep \"verification took\""]), StringComparison.Ordinal);
        cluster.WaitUntilHealthy("Quorum: 3/3");
        Assert.Contains("batch_size = 200", cluster.Shell("lattice config show /etc/lattice/node1.toml"), StringComparison.Ordinal);
        await cluster.VerifyAsync();
    }

    [SkippableFact]
    public async Task A_node_that_diverged_stays_down_until_it_is_restored()
    {
        await using ManualCluster cluster = await ManualCluster.StartAsync(output, "verification.allow_drills=true");
        cluster.Shell("lattice backup 1 /var/backups/node1-pre-divergence.tar.gz");
        cluster.Shell("lattice admin drill 1 memory");
        Eventually.Holds(() => (cluster.Services[1].IsActive, cluster.Services[1].LastExitCode), s => s is (false, 65), TimeSpan.FromSeconds(60), () => cluster.Services[1].Journal);
        string printed = cluster.Follow("state-divergence");
        Assert.Contains("STATE DIVERGENCE DETECTED", printed, StringComparison.Ordinal);
        Assert.Contains("\"analysis\"", printed, StringComparison.Ordinal);
        Assert.Equal(0, cluster.Services[1].Restarts);
        cluster.WaitUntilHealthy("Quorum: 3/3");
        Assert.Contains("Divergence incident", cluster.Shell("cat /var/log/lattice/incidents.log"), StringComparison.Ordinal);
        await cluster.VerifyAsync();
    }

    [SkippableFact]
    public async Task A_full_disk_is_cleared_by_compaction_and_by_removing_snapshots()
    {
        await using ManualCluster cluster = await ManualCluster.StartAsync(output);
        cluster.Shell("lattice admin snapshot 1; lattice admin snapshot 1; cd /var/lib/lattice/node-1/snapshots; mv $(ls snapshot-* | head -1) snapshot-00000100.snap; chown lattice: *");
        cluster.Follow("disk-full");
        Assert.False(File.Exists(cluster.Machine.PathOf("/var/lib/lattice/node-1/snapshots/snapshot-00000100.snap")));
        cluster.WaitUntilHealthy("Quorum: 3/3");
        await cluster.VerifyAsync();
    }

    [SkippableFact]
    public async Task A_node_with_corrupted_state_is_seeded_by_the_snapshot_of_a_healthy_one()
    {
        await using ManualCluster cluster = await ManualCluster.StartAsync(output);
        cluster.Shell("lattice admin snapshot 1");
        cluster.Follow("corrupted-state", ["lattice status 2 --verbose"]);
        cluster.WaitUntilHealthy("Quorum: 3/3");
        await cluster.VerifyAsync();
    }

    [SkippableFact]
    public async Task A_cluster_that_is_lost_altogether_comes_back_from_its_backups()
    {
        await using ManualCluster cluster = await ManualCluster.StartAsync(output);
        await cluster.StopLoadAsync();
        cluster.Shell("for node in 1 2 3; do lattice backup $node /var/backups/latest/node$node.tar.gz; done");
        cluster.Shell("for node in 1 2 3; do systemctl kill lattice@$node; systemctl stop lattice@$node; done; rm -rf /var/lib/lattice/*");
        string printed = cluster.Follow("complete-cluster-loss", ["lattice status"], underLoad: false);
        Assert.Equal(3, printed.Split('\n').Count(l => l.Contains("has the state of node", StringComparison.Ordinal)));
        cluster.WaitUntilHealthy("Quorum: 3/3");
        await cluster.VerifyAcknowledgedAsync();
    }

    /// <summary>Waits until <c>status --verbose</c>, asked where a node is, shows all of it, whatever the space between the columns.</summary>
    private static string Seen(ManualCluster cluster, int node, params string[] wanted) => Eventually.Holds(
        () => Spaces().Replace(ProcessResult.Of(cluster.Machine.EnterAt(node, "lattice", "status", "--verbose"), []).Output, " "),
        text => wanted.All(w => text.Contains(w, StringComparison.Ordinal)),
        TimeSpan.FromSeconds(30));

    private static void AssertRefused(ManualCluster cluster, params string[] command)
    {
        ProcessResult result = ProcessResult.Of(cluster.Machine.EnterAt(3, ["lattice", .. command, "--timeout", "5"]), []);
        Assert.True(result.ExitCode != 0, $"The side without a majority did '{string.Join(' ', command)}': {result}");
    }

    [GeneratedRegex(" +", RegexOptions.None, 1000)]
    private static partial Regex Spaces();
}
