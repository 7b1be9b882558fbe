namespace Lattice.Grains;

/// <summary>What the verifier of a group found when it compared the replicas the last time.</summary>
[GenerateSerializer, Immutable, Alias("lattice.verifier-report")]
public sealed record VerifierReport
{
    /// <summary>The group.</summary>
    [Id(0)] public required uint Group { get; init; }

    /// <summary>Agree, Differ, NoMajority, NoCommonEntry or NothingToCompare; empty: it has not compared yet.</summary>
    [Id(1)] public string Verdict { get; init; } = "";

    /// <summary>Seconds since then.</summary>
    [Id(2)] public double AgeSeconds { get; init; }

    /// <summary>The entry at which they were compared; 0: at none.</summary>
    [Id(3)] public ulong Index { get; init; }

    /// <summary>The last entry at which all that were compared agreed; 0: none yet.</summary>
    [Id(4)] public ulong AgreedIndex { get; init; }

    /// <summary>Seconds since they were seen to agree; null: they were not yet.</summary>
    [Id(5)] public double? AgreedAgeSeconds { get; init; }

    /// <summary>Nodes that were compared.</summary>
    [Id(6)] public IReadOnlyList<int> Compared { get; init; } = [];

    /// <summary>Members that did not answer, or had no entry in common with the others.</summary>
    [Id(7)] public IReadOnlyList<int> NotCompared { get; init; } = [];

    /// <summary>Incidents that are not over, newest first.</summary>
    [Id(8)] public IReadOnlyList<Incident> OpenIncidents { get; init; } = [];
}
