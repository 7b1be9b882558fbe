using Lattice.Grains;

namespace Lattice.Silo.Status;

/// <summary>
/// The judgement on a cluster, made of what its nodes say. Each node reports at its own moment, so a follower may look a
/// few entries behind under load: up to <see cref="CaughtUpWithin"/> of a group it counts as caught up.
/// </summary>
internal sealed record ClusterView
{
    /// <summary>Entries of one group that a caught-up replica may be behind.</summary>
    public const ulong CaughtUpWithin = 1000;

    /// <summary>Verifiers look every two seconds; one that has not for so long is missing.</summary>
    public const double VerifierMissingAfterSeconds = 15;

    private const uint SystemGroup = 0;

    /// <summary>The cluster's name.</summary>
    public required string Name { get; init; }

    /// <summary>Identity of the cluster; 0: not founded.</summary>
    public required ulong ClusterId { get; init; }

    /// <summary>How it stands.</summary>
    public required ClusterHealth Health { get; init; }

    /// <summary>Whether each group has a leader and a majority of its voters, and its replicas are not at odds about its state.</summary>
    public required bool HasMajority { get; init; }

    /// <summary>Voters of the system group that answered and can vote.</summary>
    public required int ReachableVoters { get; init; }

    /// <summary>Voters of the system group; the configured nodes while it is not known.</summary>
    public required int Voters { get; init; }

    /// <summary>Groups with a majority that have no leader at present.</summary>
    public required IReadOnlyList<uint> GroupsWithoutLeader { get; init; }

    /// <summary>Groups without a majority.</summary>
    public required IReadOnlyList<uint> GroupsWithoutMajority { get; init; }

    /// <summary>Groups that answer nobody because their replicas differ and which is right is not decided.</summary>
    public required IReadOnlyList<uint> GroupsUndecided { get; init; }

    /// <summary>Groups that answer nobody because no other replica has confirmed their leader's state yet.</summary>
    public required IReadOnlyList<uint> GroupsUnproven { get; init; }

    /// <summary>What the verifier of each group found; a group whose verifier is missing is not among them.</summary>
    public required IReadOnlyList<VerifierReport> Verifiers { get; init; }

    /// <summary>Groups whose replicas nobody compares from outside at present.</summary>
    public required IReadOnlyList<uint> GroupsWithoutVerifier { get; init; }

    /// <summary>Incidents that are not over, newest first.</summary>
    public IReadOnlyList<Incident> OpenIncidents => [.. Verifiers.SelectMany(v => v.OpenIncidents).OrderByDescending(i => i.At)];

    /// <summary>Every member, in order of id.</summary>
    public required IReadOnlyList<NodeView> Nodes { get; init; }

    /// <summary>Judges.</summary>
    public static ClusterView Of(ClusterStatus status)
    {
        List<NodeStatus> reachable = [.. status.Nodes.Where(n => n.Reachable)];
        List<GroupView> groups = [.. reachable.SelectMany(n => n.Groups).Select(g => g.Group).Append(SystemGroup).Distinct().Order().Select(g => GroupView.Of(g, reachable))];
        List<NodeView> nodes = [.. status.Nodes.OrderBy(n => n.Node).Select(n => View(n, groups))];
        GroupView system = groups[0];
        uint[] withoutMajority = [.. groups.Where(g => !g.HasMajority).Select(g => g.Group)];
        uint[] withoutLeader = [.. groups.Where(g => g.HasMajority && g.Leader == 0).Select(g => g.Group)];
        uint[] undecided = [.. groups.Where(g => g.HasMajority && g.Doubt == GroupDoubt.Undecided).Select(g => g.Group)];
        uint[] unproven = [.. groups.Where(g => g.HasMajority && g.Doubt == GroupDoubt.Unproven).Select(g => g.Group)];
        bool serves = withoutMajority.Length + withoutLeader.Length + undecided.Length + unproven.Length == 0;
        List<VerifierReport> verifiers = [.. reachable.SelectMany(n => n.Verifiers).Where(v => v.AgeSeconds < VerifierMissingAfterSeconds).GroupBy(v => v.Group).Select(g => g.MinBy(v => v.AgeSeconds)!).OrderBy(v => v.Group)];
        bool complete = verifiers.TrueForAll(v => v.OpenIncidents.Count == 0) && nodes.TrueForAll(n => n.Condition == NodeCondition.Ready);
        return new ClusterView
        {
            Name = status.Name,
            ClusterId = status.ClusterId,
            Health = !serves ? ClusterHealth.Unavailable : complete ? ClusterHealth.Healthy : ClusterHealth.Degraded,
            HasMajority = serves,
            ReachableVoters = system.Voters.Count > 0 ? system.AbleVoters : reachable.Count,
            Voters = system.Voters.Count > 0 ? system.Voters.Count : status.Nodes.Count,
            GroupsWithoutLeader = withoutLeader,
            GroupsWithoutMajority = withoutMajority,
            GroupsUndecided = undecided,
            GroupsUnproven = unproven,
            Verifiers = verifiers,
            GroupsWithoutVerifier = [.. groups.Where(g => g.Voters.Count > 0 && !verifiers.Exists(v => v.Group == g.Group)).Select(g => g.Group)],
            Nodes = nodes,
        };
    }

    private static NodeView View(NodeStatus node, List<GroupView> groups)
    {
        if (!node.Reachable)
        {
            return new NodeView(node, NodeCondition.Unreachable, "Unreachable", 0, 0);
        }

        ulong applied = 0;
        ulong lag = 0;
        bool ready = groups[0].Members.Contains(node.Node);
        foreach (GroupView group in groups)
        {
            GroupStatus? replica = node.Groups.FirstOrDefault(g => g.Group == group.Group);
            ulong behind = group.LagOf(replica);
            applied += replica?.Applied ?? 0;
            lag += replica is null && !group.Members.Contains(node.Node) ? 0 : behind;
            ready &= !group.Members.Contains(node.Node) || (replica is { Role: "Leader" or "Follower", Leader: not 0 } && behind < CaughtUpWithin);
        }

        string role = node.Groups.FirstOrDefault(g => g.Group == SystemGroup)?.Role ?? "Starting";
        var view = new NodeView(node, ready ? NodeCondition.Ready : NodeCondition.CatchingUp, role is "PreCandidate" ? "Candidate" : role, applied, lag);
        return ready ? view with { Condition = ConditionOfState(view) } : view;
    }

    /// <summary>A replica that leads and serves though nobody has confirmed its state has nobody who could: it is the only one there is.</summary>
    private static NodeCondition ConditionOfState(NodeView node) => node switch
    {
        { DifferingGroups.Count: > 0 } => NodeCondition.Differs,
        _ when node.Status.Groups.Any(g => g.Verification is "Unproven" && !g.Serves) => NodeCondition.Unproven,
        { Status.HasNoRoom: true } => NodeCondition.NoRoom,
        _ => NodeCondition.Ready,
    };
}
