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
            Verification: no replica differs; all compared 3s ago

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
            Statuses.Healthy().With(1, g => g with { Verification = "NoMajority", Serves = false }),
            Statuses.Healthy().With(1, g => g with { Verification = "Unproven", Serves = false }),
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
    public void A_group_whose_replicas_differ_without_a_majority_is_named_with_what_it_means()
    {
        string text = StatusText.Render(ClusterView.Of(Statuses.Healthy().With(1, g => g with { Verification = "NoMajority", Serves = false }).With(2, g => g with { Verification = "NoMajority", Serves = false })));

        Assert.StartsWith("Cluster lattice: Unavailable\nUndecided in group 1: 3/3 reachable\nNode 1: ❌ Follower", text, StringComparison.Ordinal);
        Assert.Contains("   differs in group 1\n", text, StringComparison.Ordinal);
        Assert.Contains("Verification: the replicas of group 1 differ and no majority says which is right, so it neither reads nor writes", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_node_that_compares_nothing_is_named()
    {
        string text = StatusText.Render(ClusterView.Of(Statuses.Healthy().With(3, g => g with { Verification = "Off" })));

        Assert.StartsWith("Cluster lattice: Healthy\n", text, StringComparison.Ordinal);
        Assert.Contains("Verification: off on node 3; all compared 3s ago\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_group_that_no_verifier_compares_is_named()
    {
        VerifierReport stale = Statuses.Verifier(1) with { AgeSeconds = 60 };

        Assert.EndsWith("Verification: no replica differs; no verifier compares group 1\n", StatusText.Render(ClusterView.Of(Statuses.Healthy().WithVerifiers(Statuses.Verifier(0), stale))), StringComparison.Ordinal);
        Assert.EndsWith("Verification: no replica differs; no verifier compares group 0, 1\n", StatusText.Render(ClusterView.Of(Statuses.Healthy().WithVerifiers())), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("NoCommonEntry", "the replicas of group 1 have no entry in common at which they could be compared")]
    [InlineData("", "not all have been seen to agree yet")]
    public void A_group_that_could_not_be_compared_is_named(string verdict, string told)
    {
        VerifierReport report = Statuses.Verifier(1) with { Verdict = verdict, AgreedAgeSeconds = null };

        Assert.EndsWith($"; {told}\n", StatusText.Render(ClusterView.Of(Statuses.Healthy().WithVerifiers(Statuses.Verifier(0), report))), StringComparison.Ordinal);
    }

    [Fact]
    public void A_cluster_of_which_no_node_answers_is_not_said_to_agree() =>
        Assert.EndsWith("Verification: not known, no node answered\n", StatusText.Render(ClusterView.Of(Statuses.Of(Statuses.Dead(1), Statuses.Dead(2), Statuses.Dead(3)))), StringComparison.Ordinal);

    [Fact]
    public void A_halted_node_is_named_with_the_class_of_the_cause()
    {
        var halt = new Incident { Id = "20260101T000000-node3-group1", At = DateTimeOffset.UnixEpoch, Group = 1, Kind = IncidentKind.Halt, Nodes = [3], Class = "disk-corruption" };
        ClusterStatus status = Statuses.Of(Statuses.Node(1, "Follower"), Statuses.Node(2, "Leader"), Statuses.Dead(3)).WithVerifiers(Statuses.Verifier(0), Statuses.Verifier(1) with { OpenIncidents = [halt] });
        string text = StatusText.Render(ClusterView.Of(status));

        Assert.Contains("Node 3: ❌ Unreachable   127.0.0.1:5003   halted: disk-corruption in group 1\n", text, StringComparison.Ordinal);
        Assert.Contains("Verification: 1 open incident: node 3 halted: disk-corruption (group 1) ('lattice admin incidents'); all compared 3s ago\n", text, StringComparison.Ordinal);
        using var json = JsonDocument.Parse(JsonSerializer.Serialize(StatusReport.Of(ClusterView.Of(status)), CliJson.Indented.StatusReport));
        JsonElement verification = json.RootElement.GetProperty("verification");
        Assert.Equal(("halt", "open"), (verification.GetProperty("openIncidents")[0].GetProperty("kind").GetString(), verification.GetProperty("openIncidents")[0].GetProperty("state").GetString()));
        Assert.Equal(5000UL, verification.GetProperty("groups")[1].GetProperty("agreedIndex").GetUInt64());
    }

    [Fact]
    public void An_incident_reads_as_what_why_and_what_became_of_it()
    {
        var incident = new Incident
        {
            Id = "20260101T000000-node3-group1",
            At = DateTimeOffset.UnixEpoch,
            Group = 1,
            Kind = IncidentKind.Halt,
            Nodes = [3],
            Message = "A record changed.",
            Class = "disk-corruption",
            RootCause = "A bit flipped.",
            Confidence = 0.9,
            Report = "/data/divergence-report.json",
            Outcome = "The node came back.",
            ResolvedAt = DateTimeOffset.UnixEpoch.AddHours(1),
        };

        Assert.Equal(
            """
            1970-01-01 00:00:00Z  resolved  group 1  node 3 halted: disk-corruption
                A record changed.
                Cause, 90 % sure: A bit flipped.
                Report 20260101T000000-node3-group1: /data/divergence-report.json on node 3
                Resolved 1970-01-01 01:00:00Z: The node came back.

            """,
            IncidentReport.Text(incident));
    }

    [Fact]
    public void One_node_has_its_line_only()
    {
        string[] lines = StatusText.Render(ClusterView.Of(Statuses.Healthy()), onlyNode: 2).TrimEnd().Split('\n');

        Assert.Equal(4, lines.Length);
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
        Assert.Matches(@"(?m)^system +2 +Leader +3 +5000 +5000 +0 +1 MiB +Agrees +5000", text);
        Assert.Matches(@"(?m)^1 +2 +alive +120 µs +3", text);
        Assert.Matches(@"(?m)^3 +12 MiB +40 GiB +none +0\.1\.0 +0 +synced on a majority", text);
    }

    [Fact]
    public void Json_says_how_the_states_stand_to_each_other()
    {
        var view = ClusterView.Of(Statuses.Healthy().With(1, g => g with { Verification = "NoMajority", Serves = false, AgreedIndex = 4000 }).With(3, g => g with { Verification = "Unproven", Serves = false }));
        using var document = JsonDocument.Parse(JsonSerializer.Serialize(StatusReport.Of(view), CliJson.Indented.StatusReport));
        JsonElement root = document.RootElement;

        Assert.Equal("Unavailable", root.GetProperty("health").GetString());
        Assert.Equal((false, 1), (root.GetProperty("majority").GetProperty("present").GetBoolean(), root.GetProperty("majority").GetProperty("groupsUndecided")[0].GetInt32()));
        JsonElement leader = root.GetProperty("nodes")[0];
        Assert.Equal((true, 1), (leader.GetProperty("verified").GetBoolean(), leader.GetProperty("differingGroups")[0].GetInt32()));
        Assert.Equal(("NoMajority", 4000UL, false), (leader.GetProperty("groups")[1].GetProperty("verification").GetString(), leader.GetProperty("groups")[1].GetProperty("agreedIndex").GetUInt64(), leader.GetProperty("groups")[1].GetProperty("serves").GetBoolean()));
        Assert.Equal(1, root.GetProperty("nodes")[2].GetProperty("unprovenGroups")[0].GetInt32());
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
