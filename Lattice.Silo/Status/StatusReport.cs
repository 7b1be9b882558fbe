using Lattice.Grains;

namespace Lattice.Silo.Status;

/// <summary>The shape of <c>lattice status --json</c>; documented in <c>docs/cli.md</c>, fields are only ever added.</summary>
internal sealed record StatusReport
{
    public required string Cluster { get; init; }

    public required string ClusterId { get; init; }

    public required string Health { get; init; }

    public required MajorityReport Majority { get; init; }

    public required int Leader { get; init; }

    public required ComparisonReport Verification { get; init; }

    public required IReadOnlyList<NodeReport> Nodes { get; init; }

    /// <summary>The report on a view, or on one node of it.</summary>
    public static StatusReport Of(ClusterView view, int? onlyNode = null) => new()
    {
        Cluster = view.Name,
        ClusterId = view.ClusterId.ToString("x16", System.Globalization.CultureInfo.InvariantCulture),
        Health = view.Health.ToString(),
        Majority = new MajorityReport(view.HasMajority, view.ReachableVoters, view.Voters, view.GroupsWithoutMajority, view.GroupsWithoutLeader, view.GroupsUndecided, view.GroupsUnproven),
        Leader = view.Nodes.FirstOrDefault(n => n.Role is "Leader")?.Status.Node ?? 0,
        Verification = ComparisonReport.Of(view),
        Nodes = [.. view.Nodes.Where(n => onlyNode is null || n.Status.Node == onlyNode).Select(NodeReport.Of)],
    };
}

/// <summary>Whether the cluster can decide.</summary>
internal sealed record MajorityReport(bool Present, int Reachable, int Voters, IReadOnlyList<uint> GroupsWithoutMajority, IReadOnlyList<uint> GroupsWithoutLeader, IReadOnlyList<uint> GroupsUndecided, IReadOnlyList<uint> GroupsUnproven);

/// <summary>How the replicas stand to each other, as the verifiers see it.</summary>
internal sealed record ComparisonReport(IReadOnlyList<GroupComparisonReport> Groups, IReadOnlyList<uint> GroupsWithoutVerifier, IReadOnlyList<IncidentReport> OpenIncidents)
{
    public static ComparisonReport Of(ClusterView view) => new([.. view.Verifiers.Select(GroupComparisonReport.Of)], view.GroupsWithoutVerifier, [.. view.OpenIncidents.Select(IncidentReport.Of)]);
}

/// <summary>The latest comparison of a group's replicas.</summary>
internal sealed record GroupComparisonReport(uint Group, string Verdict, double AgeSeconds, ulong Index, ulong AgreedIndex, double? AgreedAgeSeconds, IReadOnlyList<int> Compared, IReadOnlyList<int> NotCompared)
{
    public static GroupComparisonReport Of(VerifierReport v) =>
        new(v.Group, v.Verdict, Math.Round(v.AgeSeconds, 1), v.Index, v.AgreedIndex, v.AgreedAgeSeconds is { } age ? Math.Round(age, 1) : null, v.Compared, v.NotCompared);
}

/// <summary>One node.</summary>
internal sealed record NodeReport
{
    public required int Node { get; init; }

    public required bool Reachable { get; init; }

    public required bool CaughtUp { get; init; }

    public required string Role { get; init; }

    public required string Address { get; init; }

    public required ulong Applied { get; init; }

    public required ulong Lag { get; init; }

    public required double UptimeSeconds { get; init; }

    public required string Version { get; init; }

    public required int FeatureLevel { get; init; }

    public required int NewestFeatureLevel { get; init; }

    public required bool SyncOnWrite { get; init; }

    public required long DataBytes { get; init; }

    public required long FreeBytes { get; init; }

    public required long VolumeBytes { get; init; }

    public required long ReserveBytes { get; init; }

    public required bool HasNoRoom { get; init; }

    public required bool Verified { get; init; }

    public required IReadOnlyList<uint> UnprovenGroups { get; init; }

    public required IReadOnlyList<uint> DifferingGroups { get; init; }

    public required IReadOnlyList<GroupReport> Groups { get; init; }

    public required IReadOnlyList<LinkReport> Links { get; init; }

    public static NodeReport Of(NodeView node) => new()
    {
        Node = node.Status.Node,
        Reachable = node.Status.Reachable,
        CaughtUp = node.Condition is NodeCondition.Ready or NodeCondition.NoRoom,
        Role = node.Role,
        Address = node.Status.Address,
        Applied = node.Applied,
        Lag = node.Lag,
        UptimeSeconds = Math.Round(node.Status.UptimeSeconds, 1),
        Version = node.Status.Version,
        FeatureLevel = node.Status.Level,
        NewestFeatureLevel = node.Status.NewestLevel,
        SyncOnWrite = node.Status.SyncOnWrite,
        DataBytes = node.Status.DataBytes,
        FreeBytes = node.Status.FreeBytes,
        VolumeBytes = node.Status.VolumeBytes,
        ReserveBytes = node.Status.ReserveBytes,
        HasNoRoom = node.Status.HasNoRoom,
        Verified = node.Status.Reachable && !node.IsUnverified,
        UnprovenGroups = node.UnprovenGroups,
        DifferingGroups = node.DifferingGroups,
        Groups = [.. node.Status.Groups.Select(GroupReport.Of)],
        Links = [.. node.Status.Peers.Select(p => new LinkReport(p.Node, p.Alive, Math.Round(p.RoundTripUs, 1), p.FailedSends))],
    };
}

/// <summary>One replica.</summary>
internal sealed record GroupReport(uint Group, string Role, ulong Term, int Leader, ulong Commit, ulong Applied, ulong LastIndex, long LogBytes, IReadOnlyList<int> Voters, IReadOnlyList<int> Learners, string Verification, ulong AgreedIndex, bool Serves)
{
    public static GroupReport Of(GroupStatus g) => new(g.Group, g.Role, g.Term, g.Leader, g.Commit, g.Applied, g.LastIndex, g.LogBytes, g.Voters, g.Learners, g.Verification, g.AgreedIndex, g.Serves);
}

/// <summary>How one node sees another.</summary>
internal sealed record LinkReport(int Node, bool Alive, double RoundTripUs, long FailedSends);
