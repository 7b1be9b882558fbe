using System.Text.Json;
using Lattice.Cli.Commands.Admin;
using Lattice.Grains;

namespace Lattice.Cli.Tests;

public sealed class TraceReportTests
{
    private static readonly TraceStory Story = new()
    {
        Name = "lattice",
        Nodes = [new TracedNode(1, true, 500), new TracedNode(2, false, 0)],
        Events =
        [
            new TraceLine { Lamport = 10, Time = DateTimeOffset.UnixEpoch.AddMicroseconds(1), Node = 1, Kind = "Boot", Text = "the process begins" },
            new TraceLine { Lamport = 12, Time = DateTimeOffset.UnixEpoch.AddSeconds(2), Node = 1, Group = 3, Kind = "VoteCast", Peer = 2, Term = 5, Index = 7, Text = "votes for node 2 in term 5" },
        ],
    };

    [Fact]
    public void A_story_is_a_line_for_each_event()
    {
        Assert.Equal(
            [
                "10  1970-01-01 00:00:00.000001Z  node 1   group -    the process begins",
                "12  1970-01-01 00:00:02.000000Z  node 1   group 3    votes for node 2 in term 5",
            ],
            TraceReport.Text(Story).Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public void As_json_it_says_what_happened_and_who_did_not_answer()
    {
        using var json = JsonDocument.Parse(JsonSerializer.Serialize(TraceReport.Of(Story), CliJson.Indented.TraceReport));
        JsonElement root = json.RootElement;

        Assert.Equal("lattice", root.GetProperty("cluster").GetString());
        Assert.False(root.GetProperty("nodes")[1].GetProperty("reachable").GetBoolean());
        Assert.False(root.GetProperty("events")[0].TryGetProperty("group", out _));
        JsonElement vote = root.GetProperty("events")[1];
        Assert.Equal((12UL, 3u, "VoteCast", 2, 5UL, 7UL), (vote.GetProperty("lamport").GetUInt64(), vote.GetProperty("group").GetUInt32(), vote.GetProperty("kind").GetString(), vote.GetProperty("peer").GetInt32(), vote.GetProperty("term").GetUInt64(), vote.GetProperty("index").GetUInt64()));
    }
}
