using Lattice.Client;
using Lattice.Cluster.Tests.Harness;
using Lattice.Core.Consensus;
using Lattice.Grains;

namespace Lattice.Cluster.Tests.Cluster;

/// <summary>What the nodes of a cluster tell of what happened.</summary>
public sealed class TraceTests
{
    private const uint Group = 1;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task After_a_change_of_leaders_the_nodes_tell_one_story_from_the_votes_to_the_applied_write()
    {
        await using var cluster = new TestCluster();
        await cluster.StartAsync();
        await cluster.WaitUntilLedAsync();
        await using LatticeClient client = await cluster.ConnectAsync();
        ulong before = TermOf(cluster);
        int former = cluster.LeaderOf(Group);
        int next = cluster.Nodes.First(node => node != former);
        cluster[former].Host.TransferLeadership(Group, next);
        await Eventually.Holds(() => TermOf(cluster) > before, Patience, "another term begins");
        for (int i = 0; i < 20; i++)
        {
            await client.PutAsync($"key-{i}", "value");
        }

        TraceStory story = await Eventually.Holds(
            () => client.TraceAsync(group: Group, last: 5000),
            s => cluster.Nodes.All(node => s.Events.Any(e => e.Kind == "Applied" && e.Node == node && e.Term > before)),
            Patience,
            "every node has applied an entry of the new term");

        Assert.Equal([(1, true), (2, true), (3, true)], story.Nodes.Select(n => (n.Node, n.Reachable)));
        Assert.Equal(story.Events.OrderBy(e => e.Lamport).ThenBy(e => e.Node), story.Events);
        Assert.All(story.Events, e => Assert.True(e.Group is null or Group));

        TraceLine leads = story.Events.First(e => e.Kind == "BecameLeader" && e.Term > before);
        int leader = leads.Node;
        TraceLine received = story.Events.First(e => e.Kind == "VoteReceived" && e.Node == leader && e.Term == leads.Term && e.Text.StartsWith("has the vote", StringComparison.Ordinal));
        TraceLine cast = Assert.Single(story.Events, e => e.Kind == "VoteCast" && e.Node == received.Peer && e.Peer == leader && e.Term == leads.Term);
        TraceLine appends = story.Events.First(e => e.Kind == "Appended" && e.Node == leader && e.Term == leads.Term);
        TraceLine commits = story.Events.First(e => e.Kind == "CommitAdvanced" && e.Node == leader && e.Index >= appends.Index);
        AssertInOrder(cast, received, leads, appends, commits, Applied(story, leader, appends));
        foreach (int follower in cluster.Nodes.Where(n => n != leader))
        {
            TraceLine sent = story.Events.First(e => e.Kind == "AppendReceived" && e.Node == follower && e.Peer == leader && e.Term == leads.Term && e.Index >= appends.Index);
            TraceLine knows = story.Events.First(e => e.Kind == "CommitAdvanced" && e.Node == follower && e.Index >= appends.Index);
            AssertInOrder(appends, sent, knows, Applied(story, follower, appends));
            AssertInOrder(commits, knows);
        }
    }

    [Fact]
    public async Task A_node_that_does_not_answer_is_named_and_the_others_tell_their_part()
    {
        await using var cluster = new TestCluster();
        await cluster.StartAsync();
        await cluster.WaitUntilLedAsync();
        await cluster.StopAsync(3);
        await using LatticeClient client = await cluster.ConnectAsync(1, 2);

        TraceStory all = await client.TraceAsync(last: 500);
        TraceStory alone = await client.TraceAsync(node: 2, last: 5);
        TraceStory none = await client.TraceAsync(node: 3);

        Assert.Equal([(1, true), (2, true), (3, false)], all.Nodes.Select(n => (n.Node, n.Reachable)));
        Assert.Equal([1, 2], all.Events.Select(e => e.Node).Distinct().Order());
        Assert.Equal(5, alone.Events.Count);
        Assert.All(alone.Events, e => Assert.Equal(2, e.Node));
        Assert.True(alone.Nodes[0].Recorded > 5);
        Assert.Equal([(3, false)], none.Nodes.Select(n => (n.Node, n.Reachable)));
        Assert.Empty(none.Events);
    }

    [Fact]
    public async Task A_damaged_frame_is_counted_and_told_and_changes_nothing()
    {
        await using var cluster = new TestCluster(nodes: 1);
        await cluster.StartAsync();
        await using LatticeClient client = await cluster.ConnectAsync();

        cluster[1].Host.Receive(new byte[100]);

        Assert.Equal(1, cluster[1].Host.Status().DroppedFrames);
        TraceStory story = await client.TraceAsync();
        TraceLine dropped = Assert.Single(story.Events, e => e.Kind == "FrameDropped");
        Assert.Null(dropped.Group);
        await client.PutAsync("key", "value");
    }

    private static ulong TermOf(TestCluster cluster) =>
        cluster.Nodes.Select(node => cluster[node].Host.Status().Replicas.Single(r => r.Group == Group)).Where(r => r.Role == RaftRole.Leader).Select(r => r.Term).DefaultIfEmpty().Max();

    private static TraceLine Applied(TraceStory story, int node, TraceLine append) =>
        story.Events.First(e => e.Kind == "Applied" && e.Node == node && e.Index >= append.Index);

    private static void AssertInOrder(params TraceLine[] events)
    {
        for (int i = 1; i < events.Length; i++)
        {
            Assert.True(events[i - 1].Lamport < events[i].Lamport, $"{events[i - 1]} has to come before {events[i]}.");
        }
    }
}
