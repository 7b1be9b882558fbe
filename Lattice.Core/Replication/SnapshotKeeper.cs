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
    private SnapshotFacts? latest;
    private long written;

    public SnapshotKeeper(NodeCore core, NodeCoreOptions options, IDisk disk, TimeProvider time)
    {
        (this.core, this.options, this.disk, this.time) = (core, options, disk, time);
        directory = Path.Combine(options.DataDirectory, "snapshots");
        disk.CreateDirectory(directory);
        lastNumber = Numbers().LastOrDefault();
        latest = lastNumber == 0 ? null : Describe(Path.Combine(directory, SnapshotFile.NameOf(lastNumber)));
    }

    /// <summary>The newest snapshot file; null: there is none, or it cannot be read. Any thread.</summary>
    public SnapshotFacts? Latest => Volatile.Read(ref latest);

    /// <summary>Files written since the start. Any thread.</summary>
    public long Written => Interlocked.Read(ref written);

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
            if (IsDue(loggedBytes) && TryWrite(progress: null) is not null)
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
    /// <param name="progress">Told how many bytes are in the file, as it grows.</param>
    /// <returns>What was written; null: a group did not show its state in time.</returns>
    /// <exception cref="DiskFullException">No room; the snapshots that there were are as they were.</exception>
    public WrittenSnapshot? Write(long loggedBytes, Action<long> progress)
    {
        lock (gate)
        {
            WrittenSnapshot? snapshot = TryWrite(progress);
            loggedAtLast = snapshot is null ? loggedAtLast : loggedBytes;
            return snapshot;
        }
    }

    // What is left of a volume that is nearly full is for what an operator asks for.
    private bool IsDue(long loggedBytes) => !core.DiskFull && core.Replicas.All(r => r.Status.Verification is VerificationState.Off or VerificationState.Agrees)
        && AppliedByAll() >= lastNumber + (ulong)options.SnapshotInterval
        && loggedBytes - loggedAtLast >= lastBytes;

    private WrittenSnapshot? TryWrite(Action<long>? progress)
    {
        long began = time.GetTimestamp();
        using NodeSnapshot? snapshot = NodeSnapshot.Take(core, options, time);
        if (snapshot is null)
        {
            return null;
        }

        string path = snapshot.Write(disk, directory, progress);
        lastNumber = snapshot.Info.Number;
        using (IDiskFile file = disk.Open(path, DiskFileMode.Read))
        {
            lastBytes = file.Length;
        }

        Volatile.Write(ref latest, new SnapshotFacts(time.GetUtcNow(), lastBytes, time.GetElapsedTime(began)));
        Interlocked.Increment(ref written);
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

    private SnapshotFacts? Describe(string path)
    {
        try
        {
            using SnapshotFileReader reader = SnapshotFile.Open(disk, path);
            using IDiskFile file = disk.Open(path, DiskFileMode.Read);
            return new SnapshotFacts(DateTimeOffset.FromUnixTimeMilliseconds((long)reader.Info.CreatedMs), file.Length, TimeSpan.Zero);
        }
        catch (SnapshotCorruptException)
        {
            // The scrub says so and stops the node; here it only has no age.
            return null;
        }
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

/// <summary>The newest snapshot file, for measurements.</summary>
/// <param name="At">When it was made.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="Took">Time that writing it took; zero when that was before the start.</param>
internal sealed record SnapshotFacts(DateTimeOffset At, long Bytes, TimeSpan Took);
