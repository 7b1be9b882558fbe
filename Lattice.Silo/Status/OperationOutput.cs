using Lattice.Grains;

namespace Lattice.Silo.Status;

/// <summary>The shape of an operation in JSON; documented in <c>docs/cli.md</c>, fields are only ever added.</summary>
internal sealed record OperationOutput
{
    public required string Id { get; init; }

    public required string Operation { get; init; }

    public required string Who { get; init; }

    public required string State { get; init; }

    public required DateTimeOffset BeganAt { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    public required double Seconds { get; init; }

    public required bool Journaled { get; init; }

    public required int Resumptions { get; init; }

    public string? Failure { get; init; }

    public required IReadOnlyList<StepOutput> Steps { get; init; }

    public required IReadOnlyDictionary<string, string> Facts { get; init; }

    /// <summary>The output for an operation.</summary>
    public static OperationOutput Of(OperationReport report) => new()
    {
        Id = report.Request.Id.ToString("D"),
        Operation = report.Request.Title,
        Who = report.Request.Who,
        State = Word(report.State),
        BeganAt = report.BeganAt,
        EndedAt = report.EndedAt,
        Seconds = Math.Round(((report.EndedAt ?? DateTimeOffset.UtcNow) - report.BeganAt).TotalSeconds, 3),
        Journaled = report.IsJournaled,
        Resumptions = report.Resumptions,
        Failure = report.Failure,
        Steps = [.. report.Steps.Select(s => new StepOutput(s.Name, Word(s.State), s.Detail, s.Done, s.Total))],
        Facts = report.Facts,
    };

    /// <summary>A state in a word.</summary>
    public static string Word(OperationState state) => state switch
    {
        OperationState.Running => "running",
        OperationState.Done => "done",
        OperationState.Failed => "failed",
        _ => "waiting",
    };
}

/// <summary>A step of an operation.</summary>
internal sealed record StepOutput(string Name, string State, string Detail, long Done, long Total);
