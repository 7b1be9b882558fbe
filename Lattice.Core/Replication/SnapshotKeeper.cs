using Lattice.Core.Disk;
using Lattice.Core.State;
using Lattice.Core.Verification;

namespace Lattice.Core.Replication;

/// <summary>
/// Writes the node's snapshot files: portable copies of all its groups, for backups and for seeding another node. Recovery does
/// not need them, so one is written only when the log written since the last one outweighs it: a large state is
/// not rewritten all the time. Blocks on the disk; belongs to the checkpoint thread.
/// </summary>
internal sealed class SnapshotKeeper
{
    private readonly NodeCore core;
    private readonly NodeCoreOptions options;
    private readonly IDisk disk;
    private readonly TimeProvider time;
    private readonly string directory;
    private ulong lastNumber;
    private long lastBytes;
    private long loggedAtLast;

    public SnapshotKeeper(NodeCore core, NodeCoreOptions options, IDisk disk, TimeProvider time)
    {
        (this.core, this.options, this.disk, this.time) = (core, options, disk, time);
        directory = Path.Combine(options.DataDirectory, "snapshots");
        disk.CreateDirectory(directory);
        lastNumber = Numbers().LastOrDefault();
    }

    /// <summary>Writes a snapshot file if one is due.</summary>
    /// <param name="loggedBytes">Bytes written to the log since the start.</param>
    public void WriteIfDue(long loggedBytes)
    {
        if (core.Replicas.All(r => r.Status.Verification is VerificationState.Off or VerificationState.Agrees) && AppliedByAll() >= lastNumber + (ulong)options.SnapshotInterval && loggedBytes - loggedAtLast >= lastBytes && TryWrite())
        {
            loggedAtLast = loggedBytes;
        }
    }

    private bool TryWrite()
    {
        using NodeSnapshot? snapshot = NodeSnapshot.Take(core, options, time);
        if (snapshot is null)
        {
            return false;
        }

        string path = snapshot.Write(disk, directory);
        lastNumber = snapshot.Info.Number;
        using (IDiskFile file = disk.Open(path, DiskFileMode.Read))
        {
            lastBytes = file.Length;
        }

        RemoveOld();
        return true;
    }

    private void RemoveOld()
    {
        foreach (ulong old in Numbers().SkipLast(options.KeepSnapshots))
        {
            disk.Delete(Path.Combine(directory, SnapshotFile.NameOf(old)));
        }

        disk.SyncDirectory(directory);
    }

    private ulong AppliedByAll() => core.Replicas.Aggregate(0UL, (sum, replica) => sum + replica.Status.Applied.Index);

    /// <summary>Numbers of the snapshot files there are, in order.</summary>
    private IEnumerable<ulong> Numbers() => disk.List(directory)
        .Where(name => name.StartsWith("snapshot-", StringComparison.Ordinal) && name.EndsWith(".snap", StringComparison.Ordinal))
        .Select(name => ulong.TryParse(name.AsSpan(9, name.Length - 14), out ulong number) ? number : 0)
        .Where(number => number > 0)
        .Order();
}
