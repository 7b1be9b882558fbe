namespace Lattice.Silo.Status;

/// <summary>Whether a cluster can decide, in one line: it begins with <c>Quorum</c> only while it can.</summary>
internal static class MajorityText
{
    /// <summary>The line.</summary>
    public static string Of(ClusterView view) => view switch
    {
        { HasMajority: true } => $"Quorum: {view.ReachableVoters}/{view.Voters}",
        { ReachableVoters: var reachable, Voters: var voters } when 2 * reachable <= voters => $"Majority lost: {reachable}/{voters} reachable",
        { ClusterId: 0 } => $"Not founded yet: {view.ReachableVoters}/{view.Voters} reachable",
        { GroupsWithoutMajority: [_, ..] groups } => $"Majority lost in group {string.Join(", ", groups)}: {view.ReachableVoters}/{view.Voters} reachable",
        { GroupsWithoutLeader: [], GroupsUndecided: [_, ..] groups } => $"Undecided in group {string.Join(", ", groups)}: {view.ReachableVoters}/{view.Voters} reachable",
        { GroupsWithoutLeader: [], GroupsUnproven: [_, ..] groups } => $"Unproven in group {string.Join(", ", groups)}: {view.ReachableVoters}/{view.Voters} reachable",
        _ => $"No leader in group {string.Join(", ", view.GroupsWithoutLeader)}: {view.ReachableVoters}/{view.Voters} reachable",
    };
}
