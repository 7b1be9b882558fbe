using System.Globalization;
using System.Text;
using Lattice.Grains;

namespace Lattice.Silo.Status;

/// <summary>The shape of <c>lattice admin incidents --json</c>; documented in <c>docs/cli.md</c>, fields are only ever added.</summary>
internal sealed record IncidentsReport(IReadOnlyList<IncidentReport> Incidents, IReadOnlyList<uint> SilentGroups, string? StorageFailure)
{
    /// <summary>The report on a history.</summary>
    public static IncidentsReport Of(IncidentHistory history) => new([.. history.Incidents.Select(IncidentReport.Of)], history.SilentGroups, history.StorageFailure);
}

/// <summary>One incident.</summary>
internal sealed record IncidentReport
{
    public required string Id { get; init; }

    public required DateTimeOffset At { get; init; }

    public required string Kind { get; init; }

    public required IReadOnlyList<int> Nodes { get; init; }

    public required uint Group { get; init; }

    public required ulong Index { get; init; }

    public required string State { get; init; }

    public required string Message { get; init; }

    public required string Check { get; init; }

    public required string Class { get; init; }

    public required string RootCause { get; init; }

    public required double Confidence { get; init; }

    public required string Report { get; init; }

    public required string Outcome { get; init; }

    public DateTimeOffset? ResolvedAt { get; init; }

    /// <summary>The report on an incident.</summary>
    public static IncidentReport Of(Incident incident) => new()
    {
        Id = incident.Id,
        At = incident.At,
        Kind = Word(incident.Kind),
        Nodes = incident.Nodes,
        Group = incident.Group,
        Index = incident.Index,
        State = incident.IsOpen ? "open" : "resolved",
        Message = incident.Message,
        Check = incident.Check,
        Class = incident.Class,
        RootCause = incident.RootCause,
        Confidence = Math.Round(incident.Confidence, 3),
        Report = incident.Report,
        Outcome = incident.Outcome,
        ResolvedAt = incident.ResolvedAt,
    };

    /// <summary>The incident for people: what, why, where to read on, what became of it.</summary>
    public static string Text(Incident incident)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{incident.At.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z  {(incident.IsOpen ? "open    " : "resolved")}  group {incident.Group}  {Summary(incident)}\n");
        Append(text, incident.Message);
        Append(text, incident.RootCause.Length > 0 ? string.Create(CultureInfo.InvariantCulture, $"Cause, {incident.Confidence:P0} sure: {incident.RootCause}") : "");
        Append(text, incident.Report.Length > 0 ? $"Report {incident.Id}: {incident.Report} on node {incident.Nodes[0]}" : "");
        Append(text, incident.ResolvedAt is { } resolved ? string.Create(CultureInfo.InvariantCulture, $"Resolved {resolved.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z: {incident.Outcome}") : "");
        return text.ToString();
    }

    /// <summary>Who and what, in a few words.</summary>
    public static string Summary(Incident incident) => incident.Kind switch
    {
        IncidentKind.Halt => $"node {incident.Nodes[0]} halted{(incident.Class.Length > 0 ? $": {incident.Class}" : "")}",
        IncidentKind.Difference => $"node {incident.Nodes[0]} differs from the majority",
        _ => $"nodes {string.Join(", ", incident.Nodes)} differ without a majority",
    };

    private static string Word(IncidentKind kind) => kind switch
    {
        IncidentKind.Halt => "halt",
        IncidentKind.Difference => "difference",
        _ => "no-majority",
    };

    private static void Append(StringBuilder text, string line)
    {
        if (line.Length > 0)
        {
            text.Append("    ").Append(line).Append('\n');
        }
    }
}
