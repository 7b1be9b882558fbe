namespace Lattice.Simulation.Clients;

/// <summary>Kinds of conditions, by their number on the wire.</summary>
internal enum ConditionKind : byte
{
    RevisionEquals = 1,
    Absent = 2,
    ValueEquals = 3,
    Exists = 4,
}

/// <summary>A condition of a command.</summary>
internal sealed record Condition(ConditionKind Kind, string Key, ulong Revision = 0, string Value = "");

/// <summary>Kinds of operations, by their number on the wire.</summary>
internal enum OperationKind : byte
{
    Put = 1,
    Delete = 2,
    Get = 3,
}

/// <summary>An operation of a command.</summary>
internal sealed record Operation(OperationKind Kind, string Key, string Value = "", ulong TimeToLiveMs = 0);

/// <summary>A command: all conditions hold and all operations are done, or nothing is.</summary>
internal sealed record Command(IReadOnlyList<Condition> Conditions, IReadOnlyList<Operation> Operations)
{
    /// <summary>Number within the session; 0 for a command that nobody remembers.</summary>
    public ulong Sequence { get; init; }
}

/// <summary>A record as a result shows it.</summary>
internal readonly record struct SeenRecord(bool Present, ulong Revision, ulong ExpiryMs, string Value);

/// <summary>How a command ended.</summary>
internal enum CommandStatus : byte
{
    Done = 0,
    ConditionFailed = 1,
    Refused = 2,
}

/// <summary>Result of one command: a record for each of its operations when done, for each of its conditions when one failed.</summary>
internal sealed record CommandResult(CommandStatus Status, ulong Revision, IReadOnlyList<SeenRecord> Records, IReadOnlyList<bool> Held, int Code, string Message);

/// <summary>A query: one key, or (with an end) a range of keys.</summary>
internal sealed record Query(string From, string? To = null, uint Limit = 0);

/// <summary>Answer to one query.</summary>
internal sealed record QueryResult(IReadOnlyList<(string Key, SeenRecord Record)> Records, bool More);

/// <summary>Answers to a batch of queries, all of one moment.</summary>
internal sealed record QueryResults(ulong AppliedIndex, IReadOnlyList<QueryResult> Results, int Code, string Message);
