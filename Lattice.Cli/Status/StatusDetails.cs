using System.Globalization;
using Lattice.Cli.Output;
using Lattice.Grains;
using Lattice.Silo.Status;
using Spectre.Console;

namespace Lattice.Cli.Status;

/// <summary>What <c>--verbose</c> adds: every group on every node, the links between them, disks, versions, durability.</summary>
internal static class StatusDetails
{
    /// <summary>Writes the tables.</summary>
    public static void Write(IAnsiConsole console, ClusterView view, int? onlyNode)
    {
        List<NodeView> nodes = [.. view.Nodes.Where(n => n.Status.Reachable && (onlyNode is null || n.Status.Node == onlyNode))];
        List<NodeStatus> all = [.. view.Nodes.Where(n => n.Status.Reachable).Select(n => n.Status)];
        console.WriteLine();
        console.Write(Groups(nodes, all));
        console.WriteLine();
        console.Write(Links(nodes));
        console.WriteLine();
        console.Write(Disks(nodes));
        console.WriteLine();
        console.Write(Verifiers(view));
    }

    private static Table Groups(List<NodeView> nodes, List<NodeStatus> all)
    {
        Table table = New("Group", "Node", "Role", "Term", "Commit", "Applied", "Lag", "Log", "Verification", "Agreed");
        foreach (uint group in nodes.SelectMany(n => n.Status.Groups).Select(g => g.Group).Distinct().Order())
        {
            var summary = GroupView.Of(group, all);
            foreach (NodeView node in nodes)
            {
                if (node.Status.Groups.FirstOrDefault(g => g.Group == group) is { } replica)
                {
                    Row(table, group == 0 ? "system" : Text(group), Text(node.Status.Node), replica.Role, Text(replica.Term), Text(replica.Commit), Text(replica.Applied), Text(summary.LagOf(replica)), HumanText.Bytes(replica.LogBytes), replica.Verification, Text(replica.AgreedIndex));
                }
            }
        }

        return table;
    }

    private static Table Links(List<NodeView> nodes)
    {
        Table table = New("From", "To", "State", "Round trip", "Failed sends");
        foreach (NodeView node in nodes)
        {
            foreach (PeerLink link in node.Status.Peers)
            {
                Row(table, Text(node.Status.Node), Text(link.Node), link.Alive ? "alive" : "silent", link.RoundTripUs > 0 ? HumanText.Microseconds(link.RoundTripUs) : "unknown", Text(link.FailedSends));
            }
        }

        return table;
    }

    private static Table Disks(List<NodeView> nodes)
    {
        Table table = New("Node", "Data", "Free", "Reserve", "Version", "Feature level", "Durability");
        foreach (NodeView node in nodes)
        {
            NodeStatus status = node.Status;
            Row(table, Text(status.Node), HumanText.Bytes(status.DataBytes), HumanText.Bytes(status.FreeBytes), status.ReserveBytes > 0 ? HumanText.Bytes(status.ReserveBytes) : "none", status.Version, Level(status), status.SyncOnWrite ? "synced on a majority" : "background sync");
        }

        return table;
    }

    private static string Level(NodeStatus status) => status.NewestLevel > status.Level ? $"{Text(status.Level)}, knows {Text(status.NewestLevel)}" : Text(status.Level);

    private static Table Verifiers(ClusterView view)
    {
        Table table = New("Verifier of group", "Verdict", "Looked", "At entry", "Agreed", "Agreed at entry", "Compared", "Not compared");
        foreach (VerifierReport v in view.Verifiers)
        {
            string agreed = v.AgreedAgeSeconds is { } age ? Ago(age) : "never";
            Row(table, v.Group == 0 ? "system" : Text(v.Group), v.Verdict, Ago(v.AgeSeconds), Text(v.Index), agreed, Text(v.AgreedIndex), string.Join(" ", v.Compared), string.Join(" ", v.NotCompared));
        }

        return table;
    }

    private static string Ago(double seconds) => $"{HumanText.Duration(TimeSpan.FromSeconds(seconds))} ago";

    private static Table New(params ReadOnlySpan<string> columns)
    {
        Table table = new Table().NoBorder();
        foreach (string column in columns)
        {
            table.AddColumn(new TableColumn(new Text(column)).NoWrap().PadRight(3));
        }

        return table;
    }

    private static void Row(Table table, params string[] cells) => table.AddRow(cells.Select(c => new Text(c)));

    private static string Text(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);
}
