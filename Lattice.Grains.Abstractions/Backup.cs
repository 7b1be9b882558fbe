namespace Lattice.Grains;

/// <summary>How a backup was begun: a snapshot file of all groups of a node, to be read part by part.</summary>
[GenerateSerializer, Immutable, Alias("lattice.backup-ticket")]
public sealed record BackupTicket
{
    /// <summary>Why it was not begun and what to do; null: it was.</summary>
    [Id(0)] public string? Refusal { get; init; }

    /// <summary>Number of the snapshot file: the sum of the groups' applied indexes.</summary>
    [Id(1)] public ulong Number { get; init; }

    /// <summary>When the state was as it is in there.</summary>
    [Id(2)] public DateTimeOffset TakenAt { get; init; }

    /// <summary>The cluster's name.</summary>
    [Id(3)] public string Cluster { get; init; } = "";

    /// <summary>Identity of the cluster.</summary>
    [Id(4)] public ulong ClusterId { get; init; }

    /// <summary>Version of the node's binary.</summary>
    [Id(5)] public string Version { get; init; } = "";

    /// <summary>The groups.</summary>
    [Id(6)] public IReadOnlyList<BackupGroup> Groups { get; init; } = [];
}

/// <summary>A group in a backup.</summary>
/// <param name="Group">The group.</param>
/// <param name="AppliedIndex">Last entry that is in it.</param>
/// <param name="Term">Term of that entry.</param>
/// <param name="Confirmed">Whether the other replicas had confirmed this one's state when the backup was begun.</param>
[GenerateSerializer, Immutable, Alias("lattice.backup-group")]
public sealed record BackupGroup([property: Id(0)] uint Group, [property: Id(1)] ulong AppliedIndex, [property: Id(2)] ulong Term, [property: Id(3)] bool Confirmed);

/// <summary>A part of a backup.</summary>
/// <param name="Pieces">The bytes, in arrays that are no large objects for .NET: the memory of those comes back late.</param>
/// <param name="IsLast">Whether nothing follows.</param>
/// <param name="Failure">Why there is none; null: there is.</param>
[GenerateSerializer, Immutable, Alias("lattice.backup-part")]
public sealed record BackupPart([property: Id(0)] IReadOnlyList<byte[]> Pieces, [property: Id(1)] bool IsLast, [property: Id(2)] string? Failure);
