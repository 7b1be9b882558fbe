using System.Text.Json;
using Lattice.Cli.Output;
using Lattice.Cli.Status;
using Lattice.Grains;
using Lattice.Silo.Configuration;
using Lattice.Silo.Status;

namespace Lattice.Cli.Tests;

public sealed class StatusTextTests
{
    [Fact]
    public void A_healthy_cluster_reads_as_operators_expect()
    {
        string text = StatusText.Render(ClusterView.Of(Statuses.Healthy()));

        Assert.Equal(
            """
            Cluster lattice: Healthy
            Quorum: 3/3
            Node 1: ✅ Follower   127.0.0.1:5001   applied 10000   lag 0   up 2h 11m
            Node 2: ✅ Leader     127.0.0.1:5002   applied 10000   lag 0   up 2h 11m
            Node 3: ✅ Follower   127.0.0.1:5003   applied 10000   lag 0   up 2h 11m

            """,
            text);
    }

    [Fact]
    public void A_degraded_cluster_has_the_word_quorum_and_not_the_word_healthy()
    {
        string text = StatusText.Render(ClusterView.Of(Statuses.Of(Statuses.Node(1, "Follower"), Statuses.Node(2, "Leader"), Statuses.Dead(3))));

        Assert.StartsWith("Cluster lattice: Degraded\nQuorum: 2/3\n", text, StringComparison.Ordinal);
        Assert.Contains("Node 3: ❌ Unreachable   127.0.0.1:5003\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("Healthy", text, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void An_unavailable_cluster_has_neither_word()
    {
        foreach (ClusterStatus status in (ClusterStatus[])
        [
            Statuses.Of(Statuses.Node(1, "Follower", leader: 0), Statuses.Dead(2), Statuses.Dead(3)),
            Statuses.Of(Statuses.Dead(1), Statuses.Dead(2), Statuses.Dead(3)),
            Statuses.Of(Statuses.Node(1, "Candidate", leader: 0), Statuses.Node(2, "Follower", leader: 0), Statuses.Node(3, "Follower", leader: 0)),
        ])
        {
            string text = StatusText.Render(ClusterView.Of(status));
            Assert.Contains(": Unavailable\n", text, StringComparison.Ordinal);
            Assert.DoesNotContain("Healthy", text, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("Quorum", text, StringComparison.OrdinalIgnoreCase);
        }
    }

    [Fact]
    public void A_lost_majority_says_how_many_are_reachable() =>
        Assert.Equal("Majority lost: 1/3 reachable", MajorityText.Of(ClusterView.Of(Statuses.Of(Statuses.Node(1, "Follower", leader: 0), Statuses.Dead(2), Statuses.Dead(3)))));

    [Fact]
    public void One_node_has_its_line_only()
    {
        string[] lines = StatusText.Render(ClusterView.Of(Statuses.Healthy()), onlyNode: 2).TrimEnd().Split('\n');

        Assert.Equal(3, lines.Length);
        Assert.StartsWith("Node 2:", lines[2], StringComparison.Ordinal);
    }

    [Fact]
    public void Details_are_plain_text_that_is_never_wrapped()
    {
        var writer = new StringWriter();
        var shell = new Shell { Out = writer, Error = writer, OpenInput = () => Stream.Null, OpenOutput = () => Stream.Null, IsTerminal = false, Paths = new LatticePaths("/") };

        StatusDetails.Write(TableConsole.Create(shell), ClusterView.Of(Statuses.Healthy()), onlyNode: null);

        string text = writer.ToString();
        Assert.DoesNotContain('\e', text);
        Assert.Matches(@"(?m)^system +2 +Leader +3 +5000 +5000 +0 +1 MiB", text);
        Assert.Matches(@"(?m)^1 +2 +alive +120 µs +3", text);
        Assert.Matches(@"(?m)^3 +12 MiB +40 GiB +0\.1\.0 +synced on a majority", text);
    }

    [Fact]
    public void Json_says_the_same()
    {
        string json = JsonSerializer.Serialize(StatusReport.Of(ClusterView.Of(Statuses.Healthy())), CliJson.Indented.StatusReport);
        using var document = JsonDocument.Parse(json);

        Assert.Equal("Healthy", document.RootElement.GetProperty("health").GetString());
        Assert.Equal(2, document.RootElement.GetProperty("leader").GetInt32());
        Assert.Equal(3, document.RootElement.GetProperty("majority").GetProperty("reachable").GetInt32());
        Assert.Equal(5000UL, document.RootElement.GetProperty("nodes")[0].GetProperty("groups")[1].GetProperty("applied").GetUInt64());
    }
}
