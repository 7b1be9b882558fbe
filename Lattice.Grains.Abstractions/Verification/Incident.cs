namespace Lattice.Grains;

/// <summary>What happened.</summary>
public enum IncidentKind
{
    /// <summary>A node found its own state to be wrong and stopped.</summary>
    Halt = 1,

    /// <summary>A replica's state is not that of the majority, and its node has not stopped.</summary>
    Difference = 2,

    /// <summary>The replicas of a group differ and no majority says which is right: the group answers nobody.</summary>
    NoMajority = 3,
}

/// <summary>A time at which the replicas of a group did not agree.</summary>
[GenerateSerializer, Immutable, Alias("lattice.incident")]
public sealed record Incident
{
    /// <summary>Identity; of a halt that of its report.</summary>
    [Id(0)] public required string Id { get; init; }

    /// <summary>When it was found.</summary>
    [Id(1)] public required DateTimeOffset At { get; init; }

    /// <summary>The group.</summary>
    [Id(2)] public required uint Group { get; init; }

    /// <summary>What happened.</summary>
    [Id(3)] public required IncidentKind Kind { get; init; }

    /// <summary>The nodes whose replicas are, or may be, wrong.</summary>
    [Id(4)] public IReadOnlyList<int> Nodes { get; init; } = [];

    /// <summary>The entry; 0: none, or not known.</summary>
    [Id(5)] public ulong Index { get; init; }

    /// <summary>The check that found it, as the report names it; empty: the comparison of all replicas, or not known.</summary>
    [Id(6)] public string Check { get; init; } = "";

    /// <summary>What was found, in a sentence.</summary>
    [Id(7)] public string Message { get; init; } = "";

    /// <summary>Class of the cause that the node's report gives; empty: there is none yet.</summary>
    [Id(8)] public string Class { get; init; } = "";

    /// <summary>The cause that the report gives, in a sentence.</summary>
    [Id(9)] public string RootCause { get; init; } = "";

    /// <summary>How sure that is, from 0 to 1.</summary>
    [Id(10)] public double Confidence { get; init; }

    /// <summary>Where the report lay when it was written, on the node; empty: not known.</summary>
    [Id(11)] public string Report { get; init; } = "";

    /// <summary>What became of it.</summary>
    [Id(12)] public string Outcome { get; init; } = "";

    /// <summary>When it was over; null: it is open.</summary>
    [Id(13)] public DateTimeOffset? ResolvedAt { get; init; }

    /// <summary>When the process was started that halted: one that was started later is the node's return.</summary>
    [Id(14)] public DateTimeOffset ProcessStartedAt { get; init; }

    /// <summary>Whether it is not over.</summary>
    public bool IsOpen => ResolvedAt is null;
}

/// <summary>The incidents of a cluster.</summary>
[GenerateSerializer, Immutable, Alias("lattice.incident-history")]
public sealed record IncidentHistory
{
    /// <summary>The latest incidents, newest first.</summary>
    [Id(0)] public IReadOnlyList<Incident> Incidents { get; init; } = [];

    /// <summary>Groups whose verifier did not answer: their incidents are missing here.</summary>
    [Id(1)] public IReadOnlyList<uint> SilentGroups { get; init; } = [];

    /// <summary>Why this is only what the verifiers remember; null: it is what they stored.</summary>
    [Id(2)] public string? StorageFailure { get; init; }
}
