using System.Globalization;
using System.Text.RegularExpressions;
using Lattice.EndToEnd.Tests.Harness;
using Xunit.Abstractions;

namespace Lattice.EndToEnd.Tests.Manual;

/// <summary>The common procedures of the operations manual: members come and go, nodes restart, leaders move, and clients hardly notice.</summary>
[Trait("Share", "Full")]
public sealed partial class MembershipTests(ITestOutputHelper output)
{
    [SkippableFact]
    public async Task A_fourth_node_is_added_by_the_files_alone()
    {
        await using ManualCluster cluster = await ManualCluster.StartAsync(output);
        string printed = cluster.Follow("adding-a-node", ["lattice status"]);
        Assert.Contains("Node 4", printed, StringComparison.Ordinal);
        cluster.WaitUntilHealthy("Quorum: 4/4");
        await cluster.VerifyAsync();
    }

    [SkippableFact]
    public async Task A_node_is_removed()
    {
        await using ManualCluster cluster = await ManualCluster.StartAsync(output);
        string printed = cluster.Follow("removing-a-node");
        Assert.Equal(0, cluster.Services[3].Restarts);
        Assert.DoesNotContain("id = 3", File.ReadAllText(cluster.Machine.PathOf("/etc/lattice/node1.toml")), StringComparison.Ordinal);
        cluster.WaitUntilHealthy("Quorum: 2/2");
        Assert.DoesNotContain("Node 3", LastStatus(printed), StringComparison.Ordinal);
        await cluster.VerifyAsync();
    }

    [SkippableFact]
    public async Task All_nodes_restart_one_after_the_other()
    {
        await using ManualCluster cluster = await ManualCluster.StartAsync(output);
        string printed = cluster.Follow("rolling-restart");
        Assert.Contains("Rolling restart complete", printed, StringComparison.Ordinal);
        Assert.Equal(3, UpNode().Count(printed));
        cluster.WaitUntilHealthy("Quorum: 3/3");
        await cluster.VerifyAsync();
    }

    [SkippableFact]
    public async Task Leadership_is_moved_to_node_2()
    {
        await using ManualCluster cluster = await ManualCluster.StartAsync(output);
        Assert.Contains("Node 2: ✅ Leader", cluster.Follow("leadership-transfer"), StringComparison.Ordinal);
        await cluster.VerifyAsync();
    }

    [SkippableFact]
    public async Task A_configuration_is_changed_and_rolled_back()
    {
        await using ManualCluster cluster = await ManualCluster.StartAsync(output);
        cluster.Shell("cp /etc/lattice/node1.toml /tmp/new-config.toml; edit /tmp/new-config.toml performance.cache_size=5000");
        cluster.Follow("configuration-changes");
        Assert.DoesNotContain("cache_size = 5000", File.ReadAllText(cluster.Machine.PathOf("/etc/lattice/node1.toml")), StringComparison.Ordinal);
        cluster.WaitUntilHealthy("Quorum: 3/3");
        await cluster.VerifyAsync();
    }

    [SkippableFact]
    public async Task The_binary_is_replaced_node_by_node()
    {
        await using ManualCluster cluster = await ManualCluster.StartAsync(output);
        File.Copy(LatticeBinary.Next, cluster.Machine.PathOf("/var/operator/lattice-v2.0"), overwrite: true);
        string printed = cluster.Follow("software-updates");
        Assert.Equal(3, UpNode().Count(printed.Split("Cluster lattice").Skip(1).Where(p => p.Split('\n').Count(l => l.StartsWith("Node ", StringComparison.Ordinal)) == 1).Aggregate("", string.Concat)));
        cluster.WaitUntilHealthy("Quorum: 3/3");
        Assert.Equal(3, cluster.Shell("lattice status --verbose").Split('\n').Count(l => l.Contains(" 0.2.0", StringComparison.Ordinal) && l.Contains("1, knows 2", StringComparison.Ordinal)));
        await cluster.VerifyAsync();
    }

    [SkippableTheory]
    [InlineData("throughput")]
    [InlineData("latency")]
    [InlineData("memory")]
    public async Task A_tuning_of_the_manual_is_accepted_and_runs(string tuning)
    {
        await using ManualCluster cluster = await ManualCluster.StartAsync(output);
        string settings = File.ReadAllText(Path.Combine(Repository.Root, "tests/Lattice.EndToEnd.Tests/Manual/Procedures", tuning + ".toml"));
        for (int node = 1; node <= 3; node++)
        {
            string peers = string.Concat(Enumerable.Range(1, 3).Select(n => string.Create(CultureInfo.InvariantCulture, $"[[cluster.peers]]\nid = {n}\naddress = \"{cluster.Machine.AddressOf(n)}:5001\"\n\n")));
            File.WriteAllText(cluster.Machine.PathOf($"/etc/lattice/node{node}.toml"), $"{peers}{settings}");
            cluster.Shell($"lattice config validate /etc/lattice/node{node}.toml");
        }

        cluster.Follow("rolling-restart");
        cluster.WaitUntilHealthy("Quorum: 3/3");
        Assert.Equal(tuning == "latency", cluster.Shell("lattice status --verbose").Contains("background sync", StringComparison.Ordinal));
        await cluster.VerifyAsync();
    }

    [GeneratedRegex("^Node [1-3]: ✅", RegexOptions.Multiline, 1000)]
    private static partial Regex UpNode();

    private static string LastStatus(string printed) => printed[printed.LastIndexOf("Cluster lattice", StringComparison.Ordinal)..];
}
