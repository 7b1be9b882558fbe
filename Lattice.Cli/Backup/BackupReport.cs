namespace Lattice.Cli.Backup;

/// <summary>The shape of <c>lattice backup --json</c> and <c>lattice backup verify --json</c>; documented in <c>docs/cli.md</c>, fields are only ever added.</summary>
/// <param name="File">The backup.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="SnapshotBytes">Size of the snapshot in it.</param>
/// <param name="Backup">What it says about itself.</param>
/// <param name="Seconds">What it took.</param>
internal sealed record BackupReport(string File, long Bytes, long SnapshotBytes, BackupManifest Backup, double Seconds);

/// <summary>The shape of <c>lattice restore --json</c>; documented in <c>docs/cli.md</c>, fields are only ever added.</summary>
/// <param name="Node">The node.</param>
/// <param name="File">The backup.</param>
/// <param name="Backup">What it says about itself.</param>
/// <param name="DataDirectory">Where the data lies.</param>
/// <param name="Aside">Where what was there before lies; null: nothing was.</param>
internal sealed record RestoreReport(int Node, string File, BackupManifest Backup, string DataDirectory, string? Aside);
