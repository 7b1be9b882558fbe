using Lattice.Core.Disk;
using Lattice.Core.Verification;

namespace Lattice.EndToEnd.Tests.Harness;

/// <summary>A node that finds what it holds to be wrong: stops, says what it is, and comes back by the manual's procedure.</summary>
internal static class DivergedNode
{
    /// <summary>Exit code of a node that diverged.</summary>
    public const int ExitCode = 65;

    // The scrub looks at everything every ten seconds or so.
    private static readonly TimeSpan LongestSearch = TimeSpan.FromMinutes(2);

    /// <summary>Waits until the node has stopped, and looks at what it leaves behind.</summary>
    /// <param name="cluster">The cluster.</param>
    /// <param name="node">The node.</param>
    /// <param name="what">What was done to it.</param>
    /// <param name="cause">What the analysis has to say.</param>
    /// <param name="component">Where the analysis has to say it is.</param>
    /// <param name="isTold">Whether the analysis can tell, of what this node sees.</param>
    public static DivergenceReport HaltsWith(TestCluster cluster, int node, string what, DivergenceClass cause, DivergenceComponent component, bool isTold = true)
    {
        Eventually.Holds(() => cluster[node].IsRunning, running => !running, LongestSearch, () => $"{what}\n{cluster.Logs()}");
        Assert.True(cluster[node].ExitCode == ExitCode, $"{what}: exit code {cluster[node].ExitCode}\n{cluster.Logs()}");
        Assert.Contains("STATE DIVERGENCE DETECTED", cluster[node].Output, StringComparison.Ordinal);
        foreach (int other in cluster.Nodes.Where(n => n != node))
        {
            Assert.False(File.Exists(ReportOf(cluster, other)), $"{what}: node {other} halted too\n{cluster.Logs()}");
        }

        DivergenceReport report = Read(ReportOf(cluster, node));
        Assert.Equal(node, report.Node);
        DivergenceAnalysis analysis = report.Analysis!.Rules;
        ReportCorpus.Keep(cluster, report, what, cause, component);
        Assert.True(!isTold || (analysis.Class, analysis.Component) == (cause, component), $"{what}: {analysis.Class} in {analysis.Component}\n{cluster.Logs()}");
        return report;
    }

    /// <summary>The manual's procedure: nothing of it is kept in the node, and it learns everything from the others.</summary>
    public static void ComesBack(TestCluster cluster, int node)
    {
        ProcessResult refused = cluster.Run("start", $"{node}", cluster.ConfigurationOf(node));
        Assert.True(refused.ExitCode == ExitCode && refused.Errors.Contains("clear-divergence", StringComparison.Ordinal), refused.ToString());
        cluster.Run("admin", "clear-divergence", $"{node}", "--yes").AssertSucceeded();
        cluster.Start(node);
        cluster.WaitUntilHealthy(LongestSearch);
    }

    /// <summary>Where the report of a node lies.</summary>
    public static string ReportOf(TestCluster cluster, int node) => Path.Combine(cluster.DataOf(node), DivergenceReportFile.FileName);

    /// <summary>Reads a report.</summary>
    public static DivergenceReport Read(string path) =>
        DivergenceReportFile.TryRead(new PhysicalDisk(), path, out DivergenceReport? report, out string? mistake) ? report : throw new InvalidOperationException(mistake);
}
