using Lattice.Grains;
using Lattice.Silo.Status;

namespace Lattice.Cli.Tests;

public sealed class ClusterViewTests
{
    [Fact]
    public void Three_nodes_that_are_up_and_caught_up_are_healthy()
    {
        var view = ClusterView.Of(Statuses.Healthy());

        Assert.Equal((ClusterHealth.Healthy, true, 3, 3), (view.Health, view.HasMajority, view.ReachableVoters, view.Voters));
        Assert.Equal(["Follower", "Leader", "Follower"], view.Nodes.Select(n => n.Role));
    }

    [Fact]
    public void A_few_entries_of_lag_under_load_are_still_caught_up()
    {
        var view = ClusterView.Of(Statuses.Of(Statuses.Node(1, "Follower"), Statuses.Node(2, "Leader"), Statuses.Node(3, "Follower", applied: Statuses.Commit - 40)));

        Assert.Equal(ClusterHealth.Healthy, view.Health);
        Assert.Equal(40UL, view.Nodes[2].Lag);
    }

    [Fact]
    public void A_follower_far_behind_makes_it_degraded()
    {
        var view = ClusterView.Of(Statuses.Of(Statuses.Node(1, "Follower"), Statuses.Node(2, "Leader"), Statuses.Node(3, "Follower", applied: 10)));

        Assert.Equal((ClusterHealth.Degraded, NodeCondition.CatchingUp, 4990UL), (view.Health, view.Nodes[2].Condition, view.Nodes[2].Lag));
    }

    [Fact]
    public void A_dead_node_makes_it_degraded()
    {
        var view = ClusterView.Of(Statuses.Of(Statuses.Node(1, "Follower"), Statuses.Node(2, "Leader"), Statuses.Dead(3)));

        Assert.Equal((ClusterHealth.Degraded, true, 2, 3), (view.Health, view.HasMajority, view.ReachableVoters, view.Voters));
    }

    [Fact]
    public void Without_a_majority_it_is_unavailable()
    {
        var view = ClusterView.Of(Statuses.Of(Statuses.Node(1, "Follower", leader: 0), Statuses.Dead(2), Statuses.Dead(3)));

        Assert.Equal((ClusterHealth.Unavailable, false, 1), (view.Health, view.HasMajority, view.ReachableVoters));
    }

    [Fact]
    public void A_data_group_without_a_leader_makes_it_unavailable()
    {
        var view = ClusterView.Of(Statuses.Of(
            Statuses.Node(1, "Follower", dataRole: "Candidate", dataLeader: 0),
            Statuses.Node(2, "Leader", dataLeader: 0),
            Statuses.Node(3, "Follower", dataLeader: 0)));

        Assert.Equal(ClusterHealth.Unavailable, view.Health);
        Assert.Equal([1U], view.GroupsWithoutLeader);
    }

    [Theory]
    [InlineData("NoMajority")]
    [InlineData("Arbitrating")]
    public void A_group_whose_leader_serves_nothing_because_its_replicas_differ_makes_it_unavailable(string verification)
    {
        var view = ClusterView.Of(Statuses.Healthy().With(1, g => g with { Verification = verification, Serves = false }).With(3, g => g with { Verification = verification, Serves = false }));

        Assert.Equal((ClusterHealth.Unavailable, false), (view.Health, view.HasMajority));
        Assert.Equal([1U], view.GroupsUndecided);
        Assert.Equal([NodeCondition.Differs, NodeCondition.Ready, NodeCondition.Differs], view.Nodes.Select(n => n.Condition));
    }

    [Fact]
    public void A_leader_whose_state_nobody_has_confirmed_yet_makes_it_unavailable()
    {
        var view = ClusterView.Of(Statuses.Healthy().With(1, g => g with { Verification = "Unproven", Serves = false }));

        Assert.Equal((ClusterHealth.Unavailable, NodeCondition.Unproven), (view.Health, view.Nodes[0].Condition));
        Assert.Equal([1U], view.GroupsUnproven);
    }

    [Fact]
    public void A_leader_that_serves_unconfirmed_since_it_has_the_only_state_there_is_does_not_make_it_unavailable()
    {
        var view = ClusterView.Of(Statuses.Healthy().With(1, g => g with { Verification = "Unproven" }));

        Assert.Equal((ClusterHealth.Healthy, true), (view.Health, view.HasMajority));
    }

    [Fact]
    public void A_follower_whose_state_nobody_has_confirmed_yet_makes_it_degraded()
    {
        var view = ClusterView.Of(Statuses.Healthy().With(3, g => g with { Verification = "Unproven", Serves = false }));

        Assert.Equal((ClusterHealth.Degraded, NodeCondition.Unproven), (view.Health, view.Nodes[2].Condition));
    }

    [Fact]
    public void A_replica_that_was_found_to_be_wrong_neither_leads_nor_votes()
    {
        var view = ClusterView.Of(Statuses.Healthy().With(1, g => g with { Verification = "Diverged", Serves = false }));

        Assert.Equal((ClusterHealth.Unavailable, NodeCondition.Differs), (view.Health, view.Nodes[0].Condition));
        Assert.Equal([1U], view.GroupsWithoutLeader);
    }

    [Fact]
    public void An_incident_that_is_not_over_makes_it_degraded()
    {
        var open = new Incident { Id = "1", At = DateTimeOffset.UnixEpoch, Group = 1, Kind = IncidentKind.Difference, Nodes = [3] };
        var view = ClusterView.Of(Statuses.Healthy().WithVerifiers(Statuses.Verifier(0), Statuses.Verifier(1) with { OpenIncidents = [open] }));

        Assert.Equal((ClusterHealth.Degraded, true), (view.Health, view.HasMajority));
        Assert.Equal([open], view.OpenIncidents);
    }

    [Fact]
    public void A_missing_verifier_does_not_change_how_the_cluster_stands()
    {
        var view = ClusterView.Of(Statuses.Healthy().WithVerifiers());

        Assert.Equal(ClusterHealth.Healthy, view.Health);
        Assert.Equal([0U, 1U], view.GroupsWithoutVerifier);
    }

    [Fact]
    public void Verification_that_is_switched_off_does_not_change_how_the_cluster_stands()
    {
        var view = ClusterView.Of(Statuses.Healthy().With(3, g => g with { Verification = "Off" }));

        Assert.Equal((ClusterHealth.Healthy, true), (view.Health, view.Nodes[2].IsUnverified));
    }

    [Theory]
    [InlineData("Learner")]
    [InlineData("Recovering")]
    public void A_node_that_is_being_taken_in_makes_it_degraded(string role)
    {
        int[] voters = [1, 2];
        int[] learners = [3];
        var view = ClusterView.Of(Statuses.Of(
            Statuses.Node(1, "Follower", voters: voters, learners: learners),
            Statuses.Node(2, "Leader", voters: voters, learners: learners),
            Statuses.Node(3, role, dataRole: role, voters: voters, learners: learners)));

        Assert.Equal((ClusterHealth.Degraded, NodeCondition.CatchingUp), (view.Health, view.Nodes[2].Condition));
    }

    [Fact]
    public void A_recovering_voter_does_not_count_towards_the_majority()
    {
        var view = ClusterView.Of(Statuses.Of(Statuses.Dead(1), Statuses.Node(2, "Leader"), Statuses.Node(3, "Recovering", dataRole: "Recovering", leader: 0)));

        Assert.Equal((ClusterHealth.Unavailable, 1), (view.Health, view.ReachableVoters));
    }

    [Fact]
    public void The_leader_of_the_highest_term_is_the_leader()
    {
        NodeStatus deposed = Statuses.Node(1, "Leader", leader: 1);
        NodeStatus current = Statuses.Node(2, "Leader");
        current = current with { Groups = [current.Groups[0] with { Term = 4 }, current.Groups[1]] };

        Assert.Equal(2, GroupView.Of(0, [deposed, current, Statuses.Node(3, "Follower")]).Leader);
    }

    [Fact]
    public void A_node_without_a_replica_of_its_group_is_not_caught_up()
    {
        NodeStatus empty = Statuses.Node(3, "Follower");
        var view = ClusterView.Of(Statuses.Of(Statuses.Node(1, "Follower"), Statuses.Node(2, "Leader"), empty with { Groups = [empty.Groups[0]] }));

        Assert.Equal(ClusterHealth.Degraded, view.Health);
    }

    [Fact]
    public void Nodes_that_have_not_founded_a_cluster_are_unavailable()
    {
        ClusterStatus status = Statuses.Of(new NodeStatus { Node = 1, Reachable = true, Groups = [new GroupStatus { Group = 0, Role = "Follower" }] }, Statuses.Dead(2), Statuses.Dead(3));

        Assert.Equal((ClusterHealth.Unavailable, 3), (ClusterView.Of(status with { ClusterId = 0 }).Health, ClusterView.Of(status).Voters));
    }
}
