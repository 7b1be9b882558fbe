using Lattice.Cli.Output;
using Lattice.Grains;
using Lattice.Silo.Status;

namespace Lattice.Cli.Status;

/// <summary>What <c>lattice status</c> says of the comparison of the replicas' states, in one line.</summary>
internal static class VerificationText
{
    private const int MostIncidents = 3;

    /// <summary>The worst first: what keeps a group from answering, then what is not confirmed, then what is not compared.</summary>
    public static string Of(ClusterView view)
    {
        if (view.Nodes.All(n => n.Condition == NodeCondition.Unreachable))
        {
            return "not known, no node answered";
        }

        List<string> told = [];
        if (view.GroupsUndecided is [_, ..] undecided)
        {
            told.Add($"the replicas of group {Join(undecided)} differ and no majority says which is right, so it neither reads nor writes (docs/verification.md says what to do)");
        }

        if (view.GroupsUnproven is [_, ..] unproven)
        {
            told.Add($"no other replica has confirmed the state of the leader of group {Join(unproven)} yet, so it neither reads nor writes");
        }

        AddIncidents(told, view.OpenIncidents);
        AddNodes(told, view.Nodes.Where(n => n.Condition == NodeCondition.Differs), "differs from other replicas");
        AddNodes(told, view.Nodes.Where(n => n.Condition == NodeCondition.Unproven), "is not confirmed by another replica yet");
        if (view.Nodes.Where(n => n.IsUnverified).Select(n => n.Status.Node).ToArray() is [_, ..] off)
        {
            told.Add($"off on node {Join(off)}");
        }

        if (told.Count == 0)
        {
            told.Add("no replica differs");
        }

        told.Add(Comparison(view));
        return string.Join("; ", told);
    }

    /// <summary>When the replicas were seen to agree: the group for which that is longest ago.</summary>
    private static string Comparison(ClusterView view)
    {
        if (view.GroupsWithoutVerifier is [_, ..] missing)
        {
            return $"no verifier compares group {Join(missing)}";
        }

        if (view.Verifiers.Where(v => v.Verdict == "NoCommonEntry").Select(v => v.Group).ToArray() is [_, ..] apart)
        {
            return $"the replicas of group {Join(apart)} have no entry in common at which they could be compared";
        }

        if (view.Verifiers.All(v => v.Verdict == "NothingToCompare"))
        {
            return "there are no two replicas to compare";
        }

        double? longest = view.Verifiers.Where(v => v.Verdict is not "NothingToCompare").Select(v => v.AgreedAgeSeconds ?? double.PositiveInfinity).Max();
        return double.IsFinite(longest.Value) ? $"all compared {HumanText.Duration(TimeSpan.FromSeconds(longest.Value))} ago" : "not all have been seen to agree yet";
    }

    private static void AddIncidents(List<string> told, IReadOnlyList<Incident> open)
    {
        if (open.Count > 0)
        {
            string more = open.Count > MostIncidents ? ", …" : "";
            told.Add($"{open.Count} open incident{(open.Count == 1 ? "" : "s")}: {string.Join(", ", open.Take(MostIncidents).Select(i => $"{IncidentReport.Summary(i)} (group {i.Group})"))}{more} ('lattice admin incidents')");
        }
    }

    private static void AddNodes(List<string> told, IEnumerable<NodeView> nodes, string what)
    {
        if (nodes.Select(n => n.Status.Node).ToArray() is [_, ..] named)
        {
            told.Add($"node {Join(named)} {what}");
        }
    }

    private static string Join<T>(IEnumerable<T> numbers) => string.Join(", ", numbers);
}
