using Lattice.Silo.Status;

namespace Lattice.Cli.Operations;

/// <summary>The shape of <c>lattice admin operations --json</c>.</summary>
internal sealed record OperationsOutput(IReadOnlyList<OperationOutput> Operations, string? JournalFailure);

/// <summary>The shape of <c>lattice admin audit --json</c>.</summary>
internal sealed record AuditOutput(IReadOnlyList<AuditOutputEvent> Events, string? JournalFailure);

/// <summary>Something that an operator did.</summary>
internal sealed record AuditOutputEvent(DateTimeOffset At, string Who, string What, string Event, string Detail, string Operation);
