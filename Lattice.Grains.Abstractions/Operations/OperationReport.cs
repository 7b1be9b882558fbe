namespace Lattice.Grains;

/// <summary>How an operation, or a step of it, stands.</summary>
public enum OperationState
{
    /// <summary>Its turn has not come.</summary>
    Waiting = 0,

    /// <summary>Under way.</summary>
    Running = 1,

    /// <summary>Done.</summary>
    Done = 2,

    /// <summary>It ended without having done everything.</summary>
    Failed = 3,
}

/// <summary>How an operation stands.</summary>
[GenerateSerializer, Immutable, Alias("lattice.operation-report")]
public sealed record OperationReport
{
    /// <summary>What was asked for.</summary>
    [Id(0)] public required OperationRequest Request { get; init; }

    /// <summary>Why it was not begun, and what to do; null: it was.</summary>
    [Id(1)] public string? Refusal { get; init; }

    /// <summary>How it stands.</summary>
    [Id(2)] public OperationState State { get; init; }

    /// <summary>When it was begun.</summary>
    [Id(3)] public DateTimeOffset BeganAt { get; init; }

    /// <summary>When it ended; null: it has not.</summary>
    [Id(4)] public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Its steps, in order.</summary>
    [Id(5)] public IReadOnlyList<StepReport> Steps { get; init; } = [];

    /// <summary>Why it failed, what that means and what to do; null: it did not.</summary>
    [Id(6)] public string? Failure { get; init; }

    /// <summary>What came of it, by name; documented in <c>docs/cli.md</c>.</summary>
    [Id(7)] public IReadOnlyDictionary<string, string> Facts { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Whether the journal holds it: only then it goes on when the node that runs it is lost.</summary>
    [Id(8)] public bool IsJournaled { get; init; }

    /// <summary>How often it was taken up again after the node that ran it was lost.</summary>
    [Id(9)] public int Resumptions { get; init; }

    /// <summary>Whether nothing of it will happen any more.</summary>
    public bool HasEnded => State is OperationState.Done or OperationState.Failed;
}

/// <summary>How a step stands.</summary>
/// <param name="Name">What it does.</param>
/// <param name="State">How it stands.</param>
/// <param name="Detail">What is being waited for, or what came of it.</param>
/// <param name="Done">How much of <paramref name="Total"/> is done.</param>
/// <param name="Total">All of it; 0: not known.</param>
[GenerateSerializer, Immutable, Alias("lattice.step-report")]
public sealed record StepReport([property: Id(0)] string Name, [property: Id(1)] OperationState State, [property: Id(2)] string Detail, [property: Id(3)] long Done, [property: Id(4)] long Total);

/// <summary>Something that an operator did, or wanted to do.</summary>
/// <param name="At">When.</param>
/// <param name="Who">Who.</param>
/// <param name="What">The operation.</param>
/// <param name="Event">began, resumed, done, failed, refused or denied.</param>
/// <param name="Detail">Why, when it failed, was refused or denied.</param>
/// <param name="Operation">Its id; empty when it was not let in.</param>
[GenerateSerializer, Immutable, Alias("lattice.audit-event")]
public sealed record AuditEvent(
    [property: Id(0)] DateTimeOffset At,
    [property: Id(1)] string Who,
    [property: Id(2)] string What,
    [property: Id(3)] string Event,
    [property: Id(4)] string Detail,
    [property: Id(5)] Guid Operation);

/// <summary>What was done lately.</summary>
[GenerateSerializer, Immutable, Alias("lattice.operation-history")]
public sealed record OperationHistory
{
    /// <summary>The latest operations, newest first.</summary>
    [Id(0)] public IReadOnlyList<OperationReport> Operations { get; init; } = [];

    /// <summary>What happened to them, newest first.</summary>
    [Id(1)] public IReadOnlyList<AuditEvent> Events { get; init; } = [];

    /// <summary>Why this is only what the node remembers that answered; null: it is what the journal holds.</summary>
    [Id(2)] public string? JournalFailure { get; init; }
}
