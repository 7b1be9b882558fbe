using Lattice.Silo.Status;

namespace Lattice.Cli.Status;

/// <summary>What <c>lattice status</c> says of the comparison of the replicas' states, in one line.</summary>
internal static class VerificationText
{
    /// <summary>The worst first: what keeps a group from answering, then what is not confirmed, then what is not compared.</summary>
    public static string Of(ClusterView view)
    {
        List<string> told = [];
        if (view.GroupsUndecided is [_, ..] undecided)
        {
            told.Add($"the replicas of group {string.Join(", ", undecided)} differ and no majority says which is right, so it neither reads nor writes (docs/verification.md says what to do)");
        }

        if (view.GroupsUnproven is [_, ..] unproven)
        {
            told.Add($"no other replica has confirmed the state of the leader of group {string.Join(", ", unproven)} yet, so it neither reads nor writes");
        }

        AddNodes(told, view, NodeCondition.Differs, "differs from other replicas");
        AddNodes(told, view, NodeCondition.Unproven, "is not confirmed by another replica yet");
        if (view.Nodes.Where(n => n.IsUnverified).Select(n => n.Status.Node).ToArray() is [_, ..] off)
        {
            told.Add($"off on node {string.Join(", ", off)}");
        }

        return told.Count > 0 ? string.Join("; ", told) : "no replica differs";
    }

    private static void AddNodes(List<string> told, ClusterView view, NodeCondition condition, string what)
    {
        if (view.Nodes.Where(n => n.Condition == condition).Select(n => n.Status.Node).ToArray() is [_, ..] nodes)
        {
            told.Add($"node {string.Join(", ", nodes)} {what}");
        }
    }
}
