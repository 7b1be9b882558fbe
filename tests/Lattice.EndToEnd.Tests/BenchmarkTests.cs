using System.Text.Json.Nodes;
using Lattice.EndToEnd.Tests.Harness;

namespace Lattice.EndToEnd.Tests;

/// <summary><c>lattice benchmark</c> as an operator runs it every month: it shows that it goes on, ends with a table, and says what got worse.</summary>
public sealed class BenchmarkTests
{
    [Fact]
    public void A_run_is_compared_with_an_earlier_one_and_the_exit_code_says_whether_something_got_worse()
    {
        using var cluster = new TestCluster(nodes: 1);
        cluster.StartAll();
        cluster.WaitUntilHealthy();
        ProcessResult first = cluster.Run("benchmark", "1", "--clients", "4", "--read-ratio", "0.5", "--json");
        first.AssertSucceeded();
        Assert.Contains("operations/s", first.Errors, StringComparison.Ordinal);

        ProcessResult slower = cluster.Run("benchmark", "1", "--clients", "4", "--read-ratio", "0.5", "--baseline", Write(cluster, first, faster: 1000));
        Assert.Equal(1, slower.ExitCode);
        Assert.Contains("Writes", slower.Output, StringComparison.Ordinal);
        Assert.Contains("Worse: throughput, writes p50, writes p99, reads p50, reads p99.", slower.Output, StringComparison.Ordinal);

        ProcessResult faster = cluster.Run("benchmark", "1", "--clients", "4", "--read-ratio", "0.5", "--json", "--baseline", Write(cluster, first, faster: 0.001));
        faster.AssertSucceeded();
        Assert.Equal("better", JsonNode.Parse(faster.Output)!["comparison"]!["figures"]![0]!["verdict"]!.GetValue<string>());

        ProcessResult other = cluster.Run("benchmark", "1", "--clients", "5", "--baseline", Write(cluster, first, faster: 1));
        Assert.Equal(64, other.ExitCode);
        Assert.Contains("Nothing was measured", other.Errors, StringComparison.Ordinal);
    }

    /// <summary>An earlier run that was so many times faster than this one.</summary>
    private static string Write(TestCluster cluster, ProcessResult run, double faster)
    {
        JsonNode report = JsonNode.Parse(run.Output)!;
        report["operationsPerSecond"] = report["operationsPerSecond"]!.GetValue<double>() * faster;
        foreach (string kind in (string[])["writes", "reads"])
        {
            foreach (string figure in (string[])["p50Us", "p99Us"])
            {
                report[kind]![figure] = Math.Max(1, (long)(report[kind]![figure]!.GetValue<long>() / faster));
            }
        }

        string file = Path.Combine(cluster.Root, "baseline.json");
        File.WriteAllText(file, report.ToJsonString());
        return file;
    }
}
