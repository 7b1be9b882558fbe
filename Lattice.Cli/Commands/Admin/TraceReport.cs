using System.Globalization;
using System.Text;
using Lattice.Grains;

namespace Lattice.Cli.Commands.Admin;

/// <summary>The shape of <c>lattice admin trace --json</c>; documented in <c>docs/cli.md</c>, fields are only ever added.</summary>
internal sealed record TraceReport
{
    public required string Cluster { get; init; }

    public required IReadOnlyList<TracedNodeReport> Nodes { get; init; }

    public required IReadOnlyList<TraceEventReport> Events { get; init; }

    /// <summary>The report on a story.</summary>
    public static TraceReport Of(TraceStory story) => new()
    {
        Cluster = story.Name,
        Nodes = [.. story.Nodes.Select(n => new TracedNodeReport(n.Node, n.Reachable, n.Recorded))],
        Events = [.. story.Events.Select(e => new TraceEventReport(e.Lamport, e.Time, e.Node, e.Group, e.Kind, e.Peer, e.Term, e.Index, e.Text))],
    };

    /// <summary>The story for people: a line for each event.</summary>
    public static string Text(TraceStory story)
    {
        var text = new StringBuilder();
        foreach (TraceLine line in story.Events)
        {
            string group = line.Group?.ToString(CultureInfo.InvariantCulture) ?? "-";
            text.AppendLine(CultureInfo.InvariantCulture, $"{line.Lamport}  {line.Time.UtcDateTime:yyyy-MM-dd HH:mm:ss.ffffff}Z  node {line.Node,-2}  group {group,-3}  {line.Text}");
        }

        return text.ToString();
    }
}

/// <summary>A node that was asked.</summary>
internal sealed record TracedNodeReport(int Node, bool Reachable, long Recorded);

/// <summary>An event.</summary>
internal sealed record TraceEventReport(ulong Lamport, DateTimeOffset Time, int Node, uint? Group, string Kind, int Peer, ulong Term, ulong Index, string Text);
