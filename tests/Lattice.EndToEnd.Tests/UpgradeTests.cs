using Lattice.EndToEnd.Tests.Harness;
using Xunit.Abstractions;

namespace Lattice.EndToEnd.Tests;

/// <summary>Two adjacent versions in one cluster, as real processes of two binaries: there, back, and there again, under load.</summary>
[Trait("Share", "Full")]
public sealed class UpgradeTests(ITestOutputHelper output)
{
    private const int UnusableData = 65;

    [Fact]
    public async Task A_cluster_is_upgraded_node_by_node_goes_back_and_gets_the_new_features_when_it_is_finalized()
    {
        string older = LatticeBinary.Path;
        string newer = LatticeBinary.Next;
        using var cluster = new TestCluster();
        cluster.StartAll();
        cluster.WaitUntilHealthy();
        await using TestStore store = await TestStore.ConnectAsync(cluster);
        await using var writes = new WriteLoad(store, writers: 8);
        await using var reads = new ReadLoad(store, writes, readers: 2);
        writes.Start();
        reads.Start();
        writes.WaitForMore(100);

        Replace(cluster, 1, newer, writes, reads);
        Assert.Equal(["0.1.0", "0.1.0", "0.2.0"], Versions(cluster));
        Replace(cluster, 2, newer, writes, reads);
        Assert.Equal(["0.1.0", "0.2.0", "0.2.0"], Versions(cluster));
        AssertRefused(cluster, "node 3");
        Replace(cluster, 3, newer, writes, reads);

        // All run the newer version, and still write what the older one reads: it can be started again on every node.
        Assert.Equal(3, Count(cluster, "1, knows 2"));
        foreach (int node in cluster.Nodes)
        {
            Replace(cluster, node, older, writes, reads);
        }

        Assert.Equal(["0.1.0", "0.1.0", "0.1.0"], Versions(cluster));
        AssertRefused(cluster, "There is nothing to finalize");
        foreach (int node in cluster.Nodes)
        {
            Replace(cluster, node, newer, writes, reads);
        }

        ProcessResult finalized = cluster.Run("admin", "finalize-upgrade", "--yes");
        Assert.True(finalized.ExitCode == 0, $"{finalized}\n{cluster.Logs()}");
        Assert.Contains("feature level 2", finalized.Output, StringComparison.Ordinal);
        Assert.Equal(0, Count(cluster, "1, knows 2"));
        writes.WaitForMore(200);

        // From here on there is no way back: the older version says so, changes nothing, and the newer one goes on with what it finds.
        cluster[2].Terminate();
        NodeProcess refusing = cluster.Start(2, older);
        Assert.True(refusing.WaitForExit(TimeSpan.FromSeconds(30)), "The older version runs at a level that it does not know.");
        Assert.Equal(UnusableData, refusing.ExitCode);
        Assert.Contains("the cluster works at feature level 2 and this version knows levels up to 1", refusing.Output, StringComparison.Ordinal);
        cluster.Start(2, newer);
        cluster.WaitUntilHealthy();

        await writes.StopAsync();
        await reads.StopAsync();
        await writes.VerifyAsync(store);
        await cluster.AssertStatesAreEqualAsync();
    }

    /// <summary>Stops a node and starts it with another binary, as a service manager does.</summary>
    private void Replace(TestCluster cluster, int node, string binary, WriteLoad writes, ReadLoad reads)
    {
        writes.ResetGap();
        reads.ResetGap();
        cluster[node].Terminate();
        cluster.Start(node, binary);
        cluster.WaitUntilHealthy(TimeSpan.FromSeconds(60));
        writes.WaitForMore(100);
        output.WriteLine(FormattableString.Invariant($"node {node} with {Path.GetFileName(Path.GetDirectoryName(binary))}: longest pause of writes {writes.LongestGap.TotalMilliseconds:0} ms, of reads {reads.LongestGap.TotalMilliseconds:0} ms"));
    }

    private static void AssertRefused(TestCluster cluster, string why)
    {
        ProcessResult refused = cluster.Run("admin", "finalize-upgrade", "--yes");
        Assert.NotEqual(0, refused.ExitCode);
        Assert.Contains("There is nothing to finalize", refused.Errors, StringComparison.Ordinal);
        Assert.Contains(why, refused.Errors, StringComparison.Ordinal);
    }

    private static int Count(TestCluster cluster, string text) => cluster.Run("status", "--verbose").Output.Split('\n').Count(l => l.Contains(text, StringComparison.Ordinal));

    private static List<string> Versions(TestCluster cluster) => [.. cluster.Run("status", "--verbose").Output.Split('\n')
        .SelectMany(l => l.Split(' ')).Where(w => w.Contains('+', StringComparison.Ordinal)).Select(w => w.Split('+')[0]).Order(StringComparer.Ordinal)];
}
