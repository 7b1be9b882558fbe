using System.Text.RegularExpressions;
using Lattice.EndToEnd.Tests.Harness;
using Xunit.Abstractions;

namespace Lattice.EndToEnd.Tests.Manual;

/// <summary>
/// Nodes on small file systems that fill up while clients read and write: the volume is told of in time, whoever has room leads, what frees room works, and
/// nothing that was acknowledged is lost.
/// </summary>
[Trait("Share", "Full")]
public sealed partial class FullDiskTests(ITestOutputHelper output)
{
    private const string Settings = "storage.max_wal_size_mb=1";
    private const string Reserve = "storage.reserve_mb=16";

    [SkippableFact]
    public async Task A_leader_without_room_hands_over_and_heals_by_the_manuals_procedure()
    {
        await using ManualCluster cluster = await StartOnSmallVolumesAsync(1);
        cluster.Shell("lattice admin transfer-leadership 1; lattice admin snapshot 1; cd /var/lib/lattice/node-1/snapshots; mv snapshot-* snapshot-00000100.snap");
        cluster.WaitForWrites(3_000);
        LeaveFree(cluster, 1, megabytes: 18);
        Eventually.Holds(() => Warnings(cluster), count => count == 1, TimeSpan.FromSeconds(120), () => cluster.Services[1].Journal);
        Assert.InRange(UsedRatio(cluster), 0.80, 0.95);

        // Below the reserve: another node leads, and this one does not get anything back, although an operator wants it to lead.
        cluster.ResetPauses();
        LeaveFree(cluster, 1, megabytes: 12);
        Eventually.Holds(() => cluster.Machine.Run("lattice", "status"), r => r.Output.Contains("Node 1: ❗ Follower", StringComparison.Ordinal) && r.Output.Contains("free, writes refused", StringComparison.Ordinal), TimeSpan.FromSeconds(120), () => cluster.Services[1].Journal);
        cluster.WaitForWrites(2_000);
        cluster.ReportPauses("no room on node 1");
        string status = cluster.Machine.Run("lattice", "status", "--verbose").Output;
        Assert.DoesNotMatch(@"(?m)^\s*(system|\d+)\s+1\s+Leader", status);
        Assert.Contains("Degraded", status, StringComparison.Ordinal);

        cluster.Follow("disk-full");
        cluster.Shell("systemctl restart lattice@1; rm /var/lib/lattice/node-1/ballast*");
        cluster.WaitUntilHealthy("Quorum: 3/3");
        Eventually.Holds(() => cluster.Machine.Run("lattice", "status"), r => r.Output.Contains("Node 1: ✅ Leader", StringComparison.Ordinal), TimeSpan.FromSeconds(120), () => cluster.Services[1].Journal);
        await cluster.VerifyAsync();
    }

    [SkippableFact]
    public async Task When_no_node_has_room_writes_are_refused_and_begin_again_by_themselves()
    {
        await using ManualCluster cluster = await StartOnSmallVolumesAsync(1, 2, 3);
        await cluster.StopLoadAsync();
        cluster.Shell("lattice put key value");
        for (int node = 1; node <= 3; node++)
        {
            LeaveFree(cluster, node, megabytes: 12);
        }

        ProcessResult refused = Eventually.Holds(() => cluster.Machine.Run("lattice", "put", "key", "other"), r => r.ExitCode != 0, TimeSpan.FromSeconds(120));
        Assert.Contains("less than [storage] reserve_mb = 16", refused.Errors, StringComparison.Ordinal);
        Assert.Contains("nothing was done", refused.Errors, StringComparison.Ordinal);
        Assert.Contains("MiB free on the volume of /var/lib/lattice/node-", refused.Errors, StringComparison.Ordinal);
        output.WriteLine(refused.Errors);

        // Everything else goes on, also through another election.
        string before = cluster.Shell("lattice get key");
        cluster.Shell("lattice admin snapshot 2; lattice admin compact-log 2 1000; systemctl restart lattice@1; systemctl restart lattice@3");
        Eventually.Holds(() => cluster.Machine.Run("lattice", "get", "key"), r => r.Output == before, TimeSpan.FromSeconds(120));
        cluster.Shell("rm /var/lib/lattice/node-*/ballast*");
        Eventually.Holds(() => cluster.Machine.Run("lattice", "put", "key", "last"), r => r.ExitCode == 0, TimeSpan.FromSeconds(120));
        cluster.WaitUntilHealthy("Quorum: 3/3");
        await cluster.VerifyAcknowledgedAsync();
    }

    private async Task<ManualCluster> StartOnSmallVolumesAsync(params int[] nodes)
    {
        ManualCluster cluster = await ManualCluster.StartAsync(output, Settings, Reserve);
        foreach (int node in nodes)
        {
            cluster.Shell($"systemctl stop lattice@{node}; cd /var/lib/lattice; mv node-{node} old; mkdir node-{node}; mount -t tmpfs -o size=96m tmpfs node-{node}; cp -a old/. node-{node}; chown --reference=old node-{node}; rm -r old; systemctl start lattice@{node}");
            cluster.WaitUntilHealthy("Quorum: 3/3");
        }

        return cluster;
    }

    private static void LeaveFree(ManualCluster cluster, int node, int megabytes) =>
        cluster.Shell($"cd /var/lib/lattice/node-{node}; free=$(df -k --output=avail . | tail -1); dd if=/dev/zero of=ballast{megabytes} bs=1k count=$((free - {megabytes * 1024})) status=none");

    private static int Warnings(ManualCluster cluster) => Scarce().Count(cluster.Services[1].Journal);

    private static double UsedRatio(ManualCluster cluster) =>
        double.Parse(Ratio().Match(cluster.Shell("curl -s http://localhost:9001/metrics")).Groups["ratio"].Value, System.Globalization.CultureInfo.InvariantCulture);

    [GeneratedRegex("The volume of /var/lib/lattice/node-1 is [0-9]+ ?% full", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Scarce();

    [GeneratedRegex(@"(?m)^lattice_disk_used_ratio(\{[^}]*\})? (?<ratio>[0-9.e-]+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Ratio();
}
