using System.Globalization;
using System.Text;
using Lattice.Cli.Output;
using Lattice.Grains;
using Lattice.Silo.Status;

namespace Lattice.Cli.Status;

/// <summary>
/// The short status. Scripts look for two words in it: <c>Healthy</c>, which stands there only when every member is up and caught up, and
/// <c>Quorum</c>, only while a majority is reachable and has a leader.
/// </summary>
internal static class StatusText
{
    /// <summary>Headline, majority and a line for each node, or for one of them.</summary>
    public static string Render(ClusterView view, int? onlyNode = null)
    {
        var text = new StringBuilder();
        text.Append("Cluster ").Append(view.Name).Append(": ").Append(view.Health).Append('\n');
        text.Append(MajorityText.Of(view)).Append('\n');
        int width = view.Nodes.Select(n => n.Role.Length).Append("Follower".Length).Max();
        int addressWidth = view.Nodes.Select(n => n.Status.Address.Length).DefaultIfEmpty().Max();
        foreach (NodeView node in view.Nodes.Where(n => onlyNode is null || n.Status.Node == onlyNode))
        {
            text.Append(Line(view, node, width, addressWidth)).Append('\n');
        }

        return text.Append("Verification: ").Append(VerificationText.Of(view)).Append('\n').ToString();
    }

    private static string What(Incident incident) => incident.Kind switch
    {
        IncidentKind.Difference => "differs from the majority",
        _ => incident.Class.Length > 0 ? $"halted: {incident.Class}" : "halted",
    };

    private static string Line(ClusterView view, NodeView node, int roleWidth, int addressWidth)
    {
        string sign = node.Condition switch { NodeCondition.Ready => "✅", NodeCondition.CatchingUp or NodeCondition.Unproven => "⏳", NodeCondition.NoRoom => "❗", _ => "❌" };
        string line = $"Node {node.Status.Node}: {sign} {node.Role.PadRight(roleWidth)}   {node.Status.Address.PadRight(addressWidth)}";
        if (node.Condition != NodeCondition.Unreachable)
        {
            line += string.Create(CultureInfo.InvariantCulture, $"   applied {node.Applied}   lag {node.Lag}   up {HumanText.Duration(TimeSpan.FromSeconds(node.Status.UptimeSeconds))}");
        }

        line = node.Status.HasNoRoom ? $"{line}   no room: {HumanText.Bytes(node.Status.FreeBytes)} free, writes refused" : line;
        if (view.OpenIncidents.FirstOrDefault(i => i.Kind != IncidentKind.NoMajority && i.Nodes.Contains(node.Status.Node)) is { } incident)
        {
            return $"{line.TrimEnd()}   {What(incident)} in group {incident.Group}";
        }

        return node.Condition switch
        {
            NodeCondition.CatchingUp => $"{line}   catching up",
            NodeCondition.Unproven => $"{line}   unproven in group {string.Join(", ", node.UnprovenGroups)}",
            NodeCondition.Differs => $"{line}   differs in group {string.Join(", ", node.DifferingGroups)}",
            _ => line.TrimEnd(),
        };
    }
}
