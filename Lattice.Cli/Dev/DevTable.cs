using System.Globalization;
using Lattice.Cli.Output;
using Lattice.Silo.Status;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Lattice.Cli.Dev;

/// <summary>Shows a local cluster.</summary>
internal static class DevTable
{
    /// <summary>For a terminal.</summary>
    public static IRenderable Render(ClusterView view, IReadOnlyList<DevNode> nodes)
    {
        Table table = new Table().Border(TableBorder.Rounded).Title($"[{Colour(view.Health)}]{Markup.Escape(view.Name)}: {view.Health}[/]").Caption(Markup.Escape(MajorityText.Of(view)));
        foreach (string column in (string[])["Node", "Role", "Address", "Process", "Applied", "Lag", "Up"])
        {
            table.AddColumn(column);
        }

        foreach (NodeView node in view.Nodes)
        {
            DevNode? process = nodes.FirstOrDefault(n => n.Id == node.Status.Node);
            bool reachable = node.Condition != NodeCondition.Unreachable;
            table.AddRow(
                Number(node.Status.Node),
                $"[{Colour(node.Condition)}]{node.Role}[/]",
                Markup.Escape(node.Status.Address),
                Markup.Escape(process is null ? "" : ProcessText(process)),
                reachable ? Number(node.Applied) : "",
                reachable ? Number(node.Lag) : "",
                reachable ? HumanText.Duration(TimeSpan.FromSeconds(node.Status.UptimeSeconds)) : "");
        }

        return table;
    }

    /// <summary>One line that changes when the cluster does.</summary>
    public static string Line(ClusterView view, IReadOnlyList<DevNode> nodes) =>
        $"{view.Name}: {view.Health}, {MajorityText.Of(view)}; {string.Join(", ", view.Nodes.Select(n => $"node {n.Status.Node} {Word(n, nodes)}"))}";

    private static string Word(NodeView node, IReadOnlyList<DevNode> nodes)
    {
        string ended = nodes.FirstOrDefault(n => n.Id == node.Status.Node)?.ExitCode is { } code ? $" (ended with {code})" : "";
        return node.Condition == NodeCondition.CatchingUp ? $"{node.Role} catching up" : $"{node.Role}{ended}";
    }

    private static string ProcessText(DevNode node) => node.ExitCode is { } code ? $"ended with {code}" : Number(node.Pid);

    private static string Colour(ClusterHealth health) => health switch { ClusterHealth.Healthy => "green", ClusterHealth.Degraded => "yellow", _ => "red" };

    private static string Colour(NodeCondition condition) => condition switch { NodeCondition.Ready => "green", NodeCondition.CatchingUp or NodeCondition.Unproven => "yellow", _ => "red" };

    private static string Number(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);
}
