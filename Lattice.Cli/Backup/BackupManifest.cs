namespace Lattice.Cli.Backup;

/// <summary>What a backup says about itself: <c>backup.json</c>, its first file. Documented in <c>docs/cli.md</c>; fields are only ever added.</summary>
internal sealed record BackupManifest
{
    /// <summary>The version of backups that this binary writes and reads.</summary>
    public const int CurrentFormat = 1;

    public required int Format { get; init; }

    /// <summary>Node that it was taken from.</summary>
    public required int Node { get; init; }

    /// <summary>Name of the cluster.</summary>
    public required string Cluster { get; init; }

    /// <summary>Identity of the cluster, 16 hexadecimal digits.</summary>
    public required string ClusterId { get; init; }

    /// <summary>Version of the node's binary.</summary>
    public required string LatticeVersion { get; init; }

    /// <summary>When the state was as it is in here.</summary>
    public required DateTimeOffset TakenAt { get; init; }

    /// <summary>Name of the snapshot file in the archive.</summary>
    public required string Snapshot { get; init; }

    public required IReadOnlyList<BackupManifestGroup> Groups { get; init; }
}

/// <summary>A Raft group in a backup.</summary>
/// <param name="Group">The group.</param>
/// <param name="AppliedIndex">Last entry that is in it.</param>
/// <param name="Term">Term of that entry.</param>
/// <param name="Confirmed">Whether other replicas had confirmed the state.</param>
internal sealed record BackupManifestGroup(uint Group, ulong AppliedIndex, ulong Term, bool Confirmed);
