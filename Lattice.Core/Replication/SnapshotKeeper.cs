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
    private static readonly TimeSpan LongestWaitForReplica = TimeSpan.FromSeconds(10);

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
        List<GroupSnapshot> groups = OpenAll();
        try
        {
            if (groups.Count == 0)
            {
                return false;
            }

            ulong number = groups.Aggregate(0UL, (sum, group) => sum + group.Metadata.Position.Index);
            var info = new SnapshotFileInfo(number, (ulong)time.GetUtcNow().ToUnixTimeMilliseconds(), options.Node, core.Identity.ClusterId, options.ClusterName);
            string path = SnapshotFile.Write(disk, directory, info, groups);
            lastNumber = number;
            using (IDiskFile file = disk.Open(path, DiskFileMode.Read))
            {
                lastBytes = file.Length;
            }

            RemoveOld();
            return true;
        }
        finally
        {
            groups.ForEach(group => group.Dispose());
        }
    }

    private void RemoveOld()
    {
        foreach (ulong old in Numbers().SkipLast(options.KeepSnapshots))
        {
            disk.Delete(Path.Combine(directory, SnapshotFile.NameOf(old)));
        }

        disk.SyncDirectory(directory);
    }

    /// <summary>Views of all groups, each taken in its group's loop, between two entries; none when a loop does not answer in time.</summary>
    private List<GroupSnapshot> OpenAll()
    {
        var taken = new List<GroupSnapshot>();
        bool abandoned = false;
        int wanted = core.Replicas.Count;
        foreach (Replica replica in core.Replicas)
        {
            replica.Do(r =>
            {
                lock (taken)
                {
                    if (!abandoned)
                    {
                        taken.Add(r.State.OpenSnapshot());
                        Monitor.Pulse(taken);
                    }
                }
            });
        }

        lock (taken)
        {
            while (taken.Count < wanted && Monitor.Wait(taken, LongestWaitForReplica))
            {
            }

            abandoned = true;
            if (taken.Count < wanted)
            {
                taken.ForEach(group => group.Dispose());
                return [];
            }

            return [.. taken.OrderBy(group => group.Group)];
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
