using System.Text.Json;
using Lattice.Client;
using Lattice.EndToEnd.Tests.Harness;

namespace Lattice.EndToEnd.Tests;

/// <summary>What an operator sees of replicas that do not agree, from the fault to the end of the incident.</summary>
public sealed class VerifierTests
{
    private const int Group = 1;
    private const int Records = 40;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_drill_becomes_an_incident_that_is_shown_until_the_cleared_node_is_back()
    {
        using TestCluster cluster = Start();
        int node = NodesInRole(cluster, "Follower")[0];
        cluster.Run("admin", "drill", $"{node}", "memory", "--group", $"{Group}").AssertSucceeded();
        Assert.Equal(0, await FailedWritesAsync(cluster));
        AssertHalts(cluster, node);

        string degraded = StatusThat(cluster, 1, s => s.Contains("halted: memory-corruption", StringComparison.Ordinal));
        Assert.Contains("Degraded", degraded, StringComparison.Ordinal);
        Assert.DoesNotContain("Healthy", degraded, StringComparison.Ordinal);
        Assert.Matches($"(?m)^Node {node}: ❌ Unreachable .* halted: memory-corruption in group {Group}$", degraded);
        Assert.Matches($@"(?m)^Verification: 1 open incident: node {node} halted: memory-corruption \(group {Group}\)", degraded);
        JsonElement open = Assert.Single(Incidents(cluster));
        using (var report = JsonDocument.Parse(File.ReadAllText(Path.Combine(cluster.DataOf(node), "divergence-report.json"))))
        {
            Assert.Equal(report.RootElement.GetProperty("id").GetString(), open.GetProperty("id").GetString());
        }

        Assert.Equal(("halt", "open", "memory-corruption"), (Text(open, "kind"), Text(open, "state"), Text(open, "class")));
        Assert.Equal((node, Group), (open.GetProperty("nodes")[0].GetInt32(), open.GetProperty("group").GetInt32()));

        cluster.Run("admin", "clear-divergence", $"{node}", "--yes").AssertSucceeded();
        cluster.Start(node);
        cluster.WaitUntilHealthy(Patience);

        JsonElement over = Assert.Single(Incidents(cluster));
        Assert.Equal((Text(open, "id"), "resolved"), (Text(over, "id"), Text(over, "state")));
        Assert.Contains("  resolved  ", cluster.Run("admin", "incidents").Output, StringComparison.Ordinal);
        string audit = Eventually.Holds(() => cluster.Run("admin", "audit").Output, a => a.Contains($"clear-divergence {node}  done", StringComparison.Ordinal), Patience, cluster.Logs);
        Assert.Contains($"drill {node} memory --group {Group}  began", audit, StringComparison.Ordinal);
        Assert.Contains($"drill {node} memory --group {Group}  done", audit, StringComparison.Ordinal);
        Assert.Contains("was cleared by", cluster[node].Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_group_whose_replicas_differ_without_a_majority_is_shown_as_unavailable_until_a_third_one_decides()
    {
        using TestCluster cluster = Start();
        int leader = NodesInRole(cluster, "Leader")[0];
        int third = NodesInRole(cluster, "Follower")[0];
        cluster[third].Terminate();
        cluster.Run("admin", "drill", $"{leader}", "command", "--group", $"{Group}").AssertSucceeded();

        // The leader answers what it has executed before the other one can tell that it differs.
        int failed = 0;
        for (int round = 0; round < 3 && failed == 0; round++)
        {
            failed = await FailedWritesAsync(cluster);
        }

        Assert.NotEqual(0, failed);

        string undecided = StatusThat(cluster, 2, s => s.Contains("Undecided", StringComparison.Ordinal));
        Assert.Contains($"Unavailable\nUndecided in group {Group}: 2/3 reachable", undecided, StringComparison.Ordinal);
        Assert.DoesNotContain("Healthy", undecided, StringComparison.Ordinal);
        Assert.DoesNotContain("Quorum", undecided, StringComparison.Ordinal);
        Assert.Matches($"(?m)^Node {leader}: ❌ .* differs in group {Group}$", undecided);
        JsonElement open = Eventually.Holds(() => Incidents(cluster), i => i.Count == 1, Patience, cluster.Logs)[0];
        Assert.Equal(("no-majority", "open"), (Text(open, "kind"), Text(open, "state")));

        cluster.Start(third);
        AssertHalts(cluster, leader);
        Assert.Equal(0, await FailedWritesAsync(cluster));
        cluster.Run("admin", "clear-divergence", $"{leader}", "--yes").AssertSucceeded();
        cluster.Start(leader);
        cluster.WaitUntilHealthy(Patience);
        Assert.All(Incidents(cluster), incident => Assert.Equal("resolved", Text(incident, "state")));
    }

    private static TestCluster Start()
    {
        var cluster = new TestCluster(extra: "[verification]\nallow_drills = true\n");
        cluster.StartAll();
        cluster.WaitUntilHealthy(Patience);
        StatusThat(cluster, 0, s => s.Contains("Verification: no replica differs; all compared", StringComparison.Ordinal));
        return cluster;
    }

    /// <summary>Writes records of all groups at once.</summary>
    /// <returns>How many of them failed.</returns>
    private static async Task<int> FailedWritesAsync(TestCluster cluster)
    {
        var options = new LatticeClientOptions { ClusterName = cluster.Name };
        foreach (string gateway in cluster.Gateways)
        {
            options.Gateways.Add(gateway);
        }

        await using LatticeClient client = await LatticeClient.ConnectAsync(options);
        Task[] writes = [.. Enumerable.Range(0, Records).Select(i => client.PutAsync($"key-{i}", $"value-{i}"))];
        await Task.WhenAll(writes).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Assert.All(writes.Where(w => w.IsFaulted), w => Assert.IsAssignableFrom<LatticeException>(w.Exception!.InnerException));
        return writes.Count(w => w.IsFaulted);
    }

    private static void AssertHalts(TestCluster cluster, int node)
    {
        Eventually.Holds(() => cluster[node].IsRunning, running => !running, Patience, cluster.Logs);
        Assert.Equal(65, cluster[node].ExitCode);
    }

    private static string StatusThat(TestCluster cluster, int exitCode, Func<string, bool> isWanted) =>
        Eventually.Holds(() => cluster.Run("status"), s => s.ExitCode == exitCode && isWanted(s.Output), Patience, cluster.Logs).Output;

    private static List<int> NodesInRole(TestCluster cluster, string role)
    {
        using var status = JsonDocument.Parse(cluster.Run("status", "--json").Output);
        return
        [
            .. status.RootElement.GetProperty("nodes").EnumerateArray()
                .Where(n => n.GetProperty("groups").EnumerateArray().Any(g => g.GetProperty("group").GetInt32() == Group && g.GetProperty("role").GetString() == role))
                .Select(n => n.GetProperty("node").GetInt32()),
        ];
    }

    private static List<JsonElement> Incidents(TestCluster cluster)
    {
        ProcessResult asked = cluster.Run("admin", "incidents", "--json");
        Assert.True(asked.ExitCode is 0 or 2, asked.ToString());
        using var document = JsonDocument.Parse(asked.Output);
        return [.. document.RootElement.GetProperty("incidents").EnumerateArray().Select(e => e.Clone())];
    }

    private static string Text(JsonElement element, string property) => element.GetProperty(property).GetString()!;
}
