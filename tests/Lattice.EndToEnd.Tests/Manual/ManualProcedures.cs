using System.Globalization;
using System.Text.RegularExpressions;
using Lattice.EndToEnd.Tests.Harness;

namespace Lattice.EndToEnd.Tests.Manual;

/// <summary>The procedures of the operations manual in its order: each is run to the letter, after what makes it necessary, and what must be seen then is seen.</summary>
internal static partial class ManualProcedures
{
    /// <summary>Settings of nodes whose volumes are as small as <see cref="PutOnSmallVolume"/> makes them.</summary>
    public static readonly string[] ForSmallVolumes = ["storage.max_wal_size_mb=1", "storage.reserve_mb=16"];

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    public static void LookInTheMorning(this ManualCluster cluster)
    {
        string daily = cluster.FollowAsPlanned("daily-operations", "grep -E \"(ERROR|WARN|CRITICAL)\"");
        Assert.Contains("Healthy", daily, StringComparison.Ordinal);
        Assert.Contains("lattice_errors_divergences", daily, StringComparison.Ordinal);
        Assert.Contains("latency", daily, StringComparison.Ordinal);
        Assert.Contains("Cluster healthy", cluster.FollowAsPlanned("health-monitoring"), StringComparison.Ordinal);
    }

    public static void MaintainWeekly(this ManualCluster cluster)
    {
        cluster.Shell("touch -d '40 days ago' /var/backups/old.tar.gz");
        cluster.FollowAsPlanned("weekly-tasks");
        string kept = cluster.Shell("ls /var/backups /var/backups/weekly /var/s3/lattice-backups/weekly; ls -l /var/lib/lattice/node-*/snapshots");
        Assert.Equal(6, kept.Split('\n').Count(l => l.StartsWith("node", StringComparison.Ordinal) && l.EndsWith(".tar.gz", StringComparison.Ordinal)));
        Assert.DoesNotContain("old.tar.gz", kept, StringComparison.Ordinal);
        Assert.Equal(3, kept.Split('\n').Count(l => l.EndsWith(" latest.snap", StringComparison.Ordinal)));
    }

    public static void MaintainMonthly(this ManualCluster cluster)
    {
        string monthly = cluster.FollowAsPlanned("monthly-tasks", "grep -i \"denied\\|unauthorized\"");
        Assert.DoesNotContain("denied", monthly, StringComparison.OrdinalIgnoreCase);
    }

    public static void AddNode4(this ManualCluster cluster)
    {
        Assert.Contains("Node 4", cluster.FollowAsPlanned("adding-a-node", "lattice status"), StringComparison.Ordinal);
        cluster.WaitUntilHealthy("Quorum: 4/4");
    }

    /// <summary>Removes node 3.</summary>
    /// <param name="cluster">The cluster.</param>
    /// <param name="left">How many nodes it has then.</param>
    public static void RemoveNode3(this ManualCluster cluster, int left)
    {
        int restarts = cluster.Services[3].Restarts;
        string printed = cluster.FollowAsPlanned("removing-a-node");
        Assert.Equal(restarts, cluster.Services[3].Restarts);
        Assert.DoesNotContain("id = 3", File.ReadAllText(cluster.Machine.PathOf("/etc/lattice/node1.toml")), StringComparison.Ordinal);
        cluster.WaitUntilHealthy(string.Create(CultureInfo.InvariantCulture, $"Quorum: {left}/{left}"));
        Assert.DoesNotContain("Node 3", printed[printed.LastIndexOf("Cluster lattice", StringComparison.Ordinal)..], StringComparison.Ordinal);
    }

    /// <summary>Node 3, which was removed, takes the place of node 4: what the runbook has under "undo".</summary>
    public static void ReplaceNode4ByNode3(this ManualCluster cluster)
    {
        string address = $"{cluster.Machine.AddressOf(3)}:5001";
        cluster.ResetPauses();
        cluster.Shell($"for node in 1 2; do printf '\\n[[cluster.peers]]\\nid = 3\\naddress = \"{address}\"\\n' >> /etc/lattice/node$node.toml; done; systemctl start lattice@3; lattice admin add-node 3 {address}");
        cluster.WaitUntilHealthy("Quorum: 4/4");
        cluster.Shell("lattice admin remove-node 4; for node in 1 2 3; do sed -i '/^\\[\\[cluster.peers\\]\\]/ { N; /id = 4$/ { N; d } }' /etc/lattice/node$node.toml; done");
        cluster.WaitUntilHealthy("Quorum: 3/3");
        cluster.ReportPauses("node 3 instead of node 4");
        cluster.AssertHardlyNoticed("node 3 instead of node 4");
    }

    public static void RestartAll(this ManualCluster cluster)
    {
        string printed = cluster.FollowAsPlanned("rolling-restart");
        Assert.Contains("Rolling restart complete", printed, StringComparison.Ordinal);
        Assert.Equal(3, UpNode().Count(printed));
        cluster.WaitUntilHealthy("Quorum: 3/3");
    }

    public static void MoveLeadershipToNode2(this ManualCluster cluster) =>
        Assert.Contains("Node 2: ✅ Leader", cluster.FollowAsPlanned("leadership-transfer"), StringComparison.Ordinal);

    public static void RestoreNode2WhoseLogIsDamaged(this ManualCluster cluster)
    {
        cluster.Shell("lattice backup 2 /var/backups/node2-latest.tar.gz");
        int restarts = cluster.Services[2].Restarts;
        cluster.Shell("systemctl kill lattice@2; for f in /var/lib/lattice/node-2/wal/*.wal; do dd if=/dev/urandom of=$f bs=64 seek=20 count=8 conv=notrunc status=none; done");
        string printed = cluster.Follow("node-failure", "systemctl", "lattice status", "sudo \"$@\"", "sudo systemctl");

        // It may be restarted after it was killed; not after it has found that its log is damaged, so that the restore finds it at rest.
        Assert.InRange(cluster.Services[2].Restarts, restarts, restarts + 1);
        Assert.Contains("Node 2 has the state of node 2", printed, StringComparison.Ordinal);
        cluster.WaitUntilHealthy("Quorum: 3/3");
    }

    /// <summary>Splits the network of a cluster whose node 3 stands apart, and heals it.</summary>
    public static void HealSplitNetwork(this ManualCluster cluster)
    {
        cluster.Shell("lattice put before 1");
        cluster.ResetPauses();
        cluster.Machine.Cut();

        // Each side says who does not reach whom.
        string majority = Seen(cluster, node: 1, "Quorum: 2/3", "1 3 silent", "2 3 silent", "1 2 alive", "2 1 alive");
        Assert.Contains("Node 3: ❌", majority, StringComparison.Ordinal);
        Seen(cluster, node: 3, "Majority lost: 1/3", "3 1 silent", "3 2 silent");

        // The side without a majority acknowledges nothing and vouches for nothing, while the other one serves.
        Parallel.For(0, 4, n => AssertRefused(cluster, "put", string.Create(CultureInfo.InvariantCulture, $"minority/{n}"), "1"));
        AssertRefused(cluster, "get", "before");
        cluster.WaitForWrites(500);
        cluster.ReportPauses("split network");

        cluster.Machine.Join();
        cluster.WaitUntilHealthy("Quorum: 3/3");
        Assert.Contains("3 packets transmitted, 3 received", cluster.Follow("split-brain"), StringComparison.Ordinal);
        cluster.WaitUntilHealthy("Quorum: 3/3");
        Assert.Equal("1", cluster.Shell("lattice get before").Trim());
    }

    public static void TuneSlowNode1(this ManualCluster cluster)
    {
        Assert.Contains("latency", cluster.FollowAsPlanned("high-latency", "grep \"verification took\""), StringComparison.Ordinal);
        cluster.WaitUntilHealthy("Quorum: 3/3");
        Assert.Contains("batch_size = 200", cluster.Shell("lattice config show /etc/lattice/node1.toml"), StringComparison.Ordinal);
    }

    /// <summary>Restores node 1, which has diverged; drills have to be allowed.</summary>
    public static void RestoreNode1WhichDiverged(this ManualCluster cluster)
    {
        int restarts = cluster.Services[1].Restarts;
        cluster.Shell("lattice backup 1 /var/backups/node1-pre-divergence.tar.gz");
        cluster.Shell("lattice admin drill 1 memory");
        Eventually.Holds(() => (cluster.Services[1].IsActive, cluster.Services[1].LastExitCode), s => s is (false, 65), TimeSpan.FromSeconds(60), () => cluster.Services[1].Journal);
        string printed = cluster.Follow("state-divergence");
        Assert.Contains("STATE DIVERGENCE DETECTED", printed, StringComparison.Ordinal);
        Assert.Contains("\"analysis\"", printed, StringComparison.Ordinal);
        Assert.Equal(restarts, cluster.Services[1].Restarts);
        cluster.WaitUntilHealthy("Quorum: 3/3");
        Assert.Contains("Divergence incident", cluster.Shell("cat /var/log/lattice/incidents.log"), StringComparison.Ordinal);
    }

    /// <summary>Gives a node a volume of its own that is soon full.</summary>
    public static void PutOnSmallVolume(this ManualCluster cluster, int node)
    {
        cluster.Shell($"systemctl stop lattice@{node}; cd /var/lib/lattice; mv node-{node} old; mkdir node-{node}; mount -t tmpfs -o size=192m tmpfs node-{node}; cp -a old/. node-{node}; chown --reference=old node-{node}; rm -r old; systemctl start lattice@{node}");
        cluster.WaitUntilHealthy("Quorum: 3/3");
    }

    public static void MoveToLargerVolume(this ManualCluster cluster, int node)
    {
        cluster.Shell($"systemctl stop lattice@{node}; cd /var/lib/lattice; mkdir large; cp -a node-{node}/. large; chown --reference=node-{node} large; umount node-{node}; rmdir node-{node}; mv large node-{node}; systemctl start lattice@{node}");
        cluster.WaitUntilHealthy("Quorum: 3/3");
    }

    /// <summary>Leaves only so much room on a node's volume.</summary>
    public static void LeaveFree(this ManualCluster cluster, int node, int megabytes) =>
        cluster.Shell($"cd /var/lib/lattice/node-{node}; free=$(df -k --output=avail . | tail -1); dd if=/dev/zero of=ballast{megabytes} bs=1k count=$((free - {megabytes * 1024})) status=none");

    /// <summary>Fills the small volume of node 1, which leads, and makes room again.</summary>
    public static void MakeRoomOnNode1(this ManualCluster cluster)
    {
        cluster.Shell("lattice admin transfer-leadership 1; lattice admin snapshot 1; cd /var/lib/lattice/node-1/snapshots; mv $(ls snapshot-* | head -1) snapshot-00000100.snap; chown lattice: *");
        int warnings = Scarce().Count(cluster.Services[1].Journal);
        cluster.LeaveFree(1, megabytes: 25);
        Eventually.Holds(() => Scarce().Count(cluster.Services[1].Journal), count => count == warnings + 1, Patience, () => cluster.Services[1].Journal);
        Assert.InRange(double.Parse(Ratio().Match(cluster.Shell("curl -s http://localhost:9001/metrics")).Groups["ratio"].Value, CultureInfo.InvariantCulture), 0.80, 0.95);

        // Below the reserve: another node leads, and this one does not get anything back, although an operator wants it to lead.
        cluster.ResetPauses();
        cluster.LeaveFree(1, megabytes: 12);
        Eventually.Holds(() => cluster.Machine.Run("lattice", "status"), r => r.Output.Contains("Node 1: ❗ Follower", StringComparison.Ordinal) && r.Output.Contains("free, writes refused", StringComparison.Ordinal), Patience, () => cluster.Services[1].Journal);
        cluster.WaitForWrites(2_000);
        cluster.ReportPauses("no room on node 1");
        string status = cluster.Machine.Run("lattice", "status", "--verbose").Output;
        Assert.DoesNotMatch(@"(?m)^\s*(system|\d+)\s+1\s+Leader", status);
        Assert.Contains("Degraded", status, StringComparison.Ordinal);

        cluster.Follow("disk-full");
        Assert.False(File.Exists(cluster.Machine.PathOf("/var/lib/lattice/node-1/snapshots/snapshot-00000100.snap")));
        cluster.Shell("systemctl restart lattice@1; rm /var/lib/lattice/node-1/ballast*");
        cluster.WaitUntilHealthy("Quorum: 3/3");
        Eventually.Holds(() => cluster.Machine.Run("lattice", "status"), r => r.Output.Contains("Node 1: ✅ Leader", StringComparison.Ordinal), Patience, () => cluster.Services[1].Journal);
    }

    /// <summary>Gives all nodes the settings of one of the manual's tunings: throughput, latency or memory.</summary>
    public static void Tune(this ManualCluster cluster, string tuning)
    {
        string settings = File.ReadAllText(Path.Combine(Repository.Root, "tests/Lattice.EndToEnd.Tests/Manual/Procedures", tuning + ".toml"));
        for (int node = 1; node <= 3; node++)
        {
            string peers = string.Concat(Enumerable.Range(1, 3).Select(n => string.Create(CultureInfo.InvariantCulture, $"[[cluster.peers]]\nid = {n}\naddress = \"{cluster.Machine.AddressOf(n)}:5001\"\n\n")));
            File.WriteAllText(cluster.Machine.PathOf(string.Create(CultureInfo.InvariantCulture, $"/etc/lattice/node{node}.toml")), $"{peers}{settings}");
            cluster.Shell($"lattice config validate /etc/lattice/node{node}.toml");
        }

        cluster.RestartAll();
        Assert.Equal(tuning == "latency", cluster.Shell("lattice status --verbose").Contains("background sync", StringComparison.Ordinal));
    }

    /// <summary>Loses everything, and comes back from the backups; afterwards no client is at work.</summary>
    public static async Task ComeBackFromBackupsAsync(this ManualCluster cluster)
    {
        await cluster.StopLoadAsync();
        cluster.Shell("for node in 1 2 3; do lattice backup $node /var/backups/latest/node$node.tar.gz; done");
        cluster.Shell("for node in 1 2 3; do systemctl kill lattice@$node; systemctl stop lattice@$node; done; rm -rf /var/lib/lattice/*");
        string printed = cluster.FollowWithoutClients("complete-cluster-loss", "lattice status");
        Assert.Equal(3, printed.Split('\n').Count(l => l.Contains("has the state of node", StringComparison.Ordinal)));
        cluster.WaitUntilHealthy("Quorum: 3/3");
        await cluster.VerifyAcknowledgedAsync();
    }

    public static void SeedNode2FromNode1(this ManualCluster cluster)
    {
        cluster.Shell("lattice admin snapshot 1");
        cluster.Follow("corrupted-state", "lattice status 2 --verbose");
        cluster.WaitUntilHealthy("Quorum: 3/3");
    }

    public static void ChangeConfigurationAndRollBack(this ManualCluster cluster)
    {
        cluster.Shell("cp /etc/lattice/node1.toml /tmp/new-config.toml; edit /tmp/new-config.toml performance.cache_size=5000");
        cluster.FollowAsPlanned("configuration-changes");
        Assert.DoesNotContain("cache_size = 5000", File.ReadAllText(cluster.Machine.PathOf("/etc/lattice/node1.toml")), StringComparison.Ordinal);
        cluster.WaitUntilHealthy("Quorum: 3/3");
    }

    public static void UpdateSoftware(this ManualCluster cluster)
    {
        File.Copy(LatticeBinary.Next, cluster.Machine.PathOf("/var/operator/lattice-v2.0"), overwrite: true);
        string printed = cluster.FollowAsPlanned("software-updates");
        Assert.Equal(3, UpNode().Count(printed.Split("Cluster lattice").Skip(1).Where(p => p.Split('\n').Count(l => l.StartsWith("Node ", StringComparison.Ordinal)) == 1).Aggregate("", string.Concat)));
        cluster.WaitUntilHealthy("Quorum: 3/3");
        Assert.Equal(3, cluster.Shell("lattice status --verbose").Split('\n').Count(l => l.Contains(" 0.2.0", StringComparison.Ordinal) && l.Contains("1, knows 2", StringComparison.Ordinal)));
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

    [GeneratedRegex("^Node [1-3]: ✅", RegexOptions.Multiline, 1000)]
    private static partial Regex UpNode();

    [GeneratedRegex(" +", RegexOptions.None, 1000)]
    private static partial Regex Spaces();

    [GeneratedRegex("The volume of /var/lib/lattice/node-1 is [0-9]+ ?% full", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Scarce();

    [GeneratedRegex(@"(?m)^lattice_disk_used_ratio(\{[^}]*\})? (?<ratio>[0-9.e-]+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Ratio();
}
