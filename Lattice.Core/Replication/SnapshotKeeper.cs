using Lattice.Core.Disk;
using Lattice.Core.State;
using Lattice.Core.Verification;

namespace Lattice.Core.Replication;

/// <summary>
/// Writes the node's snapshot files: portable copies of all its groups, for backups and for seeding another node. Recovery does
/// not need them, so one is written only when the log written since the last one outweighs it: a large state is
/// not rewritten all the time. An operator may ask for one at any time. Blocks on the disk; one is written at a time.
/// </summary>
internal sealed class SnapshotKeeper
{
    private readonly NodeCore core;
    private readonly NodeCoreOptions options;
    private readonly IDisk disk;
    private readonly TimeProvider time;
    private readonly string directory;
    private readonly Lock gate = new();
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

    /// <summary>Writes a snapshot file if one is due and none is being written.</summary>
    /// <param name="loggedBytes">Bytes written to the log since the start.</param>
    public void WriteIfDue(long loggedBytes)
    {
        if (!gate.TryEnter())
        {
            return;
        }

        try
        {
            if (IsDue(loggedBytes) && TryWrite(written: null) is not null)
            {
                loggedAtLast = loggedBytes;
            }
        }
        finally
        {
            gate.Exit();
        }
    }

    /// <summary>Writes a snapshot file now, after the one that is being written.</summary>
    /// <param name="loggedBytes">Bytes written to the log since the start.</param>
    /// <param name="written">Told how many bytes are in the file, as it grows.</param>
    /// <returns>What was written; null: a group did not show its state in time.</returns>
    /// <exception cref="DiskFullException">No room; the snapshots that there were are as they were.</exception>
    public WrittenSnapshot? Write(long loggedBytes, Action<long> written)
    {
        lock (gate)
        {
            WrittenSnapshot? snapshot = TryWrite(written);
            loggedAtLast = snapshot is null ? loggedAtLast : loggedBytes;
            return snapshot;
        }
    }

    // What is left of a volume that is nearly full is for what an operator asks for.
    private bool IsDue(long loggedBytes) => !core.DiskFull && core.Replicas.All(r => r.Status.Verification is VerificationState.Off or VerificationState.Agrees)
        && AppliedByAll() >= lastNumber + (ulong)options.SnapshotInterval
        && loggedBytes - loggedAtLast >= lastBytes;

    private WrittenSnapshot? TryWrite(Action<long>? written)
    {
        using NodeSnapshot? snapshot = NodeSnapshot.Take(core, options, time);
        if (snapshot is null)
        {
            return null;
        }

        string path = snapshot.Write(disk, directory, written);
        lastNumber = snapshot.Info.Number;
        using (IDiskFile file = disk.Open(path, DiskFileMode.Read))
        {
            lastBytes = file.Length;
        }

        RemoveOld();
        return new WrittenSnapshot(path, snapshot.Info.Number, lastBytes, [.. snapshot.Groups.Select(group => group.Metadata.Position.Index)]);
    }

    /// <summary>Leaves the newest files. The one just written stays, whatever its number: after entries were given up, numbers begin lower again.</summary>
    private void RemoveOld()
    {
        foreach (ulong old in Numbers().Where(number => number != lastNumber).SkipLast(options.KeepSnapshots - 1))
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

/// <summary>A snapshot file that was written.</summary>
/// <param name="Path">Where it lies.</param>
/// <param name="Number">Its number: the sum of the groups' applied indexes.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="Applied">Applied index of each group, in order of group.</param>
public sealed record WrittenSnapshot(string Path, ulong Number, long Bytes, IReadOnlyList<ulong> Applied);
