using Lattice.Core.Disk;
using Lattice.Core.Log;

namespace Lattice.Core.Replication;

/// <summary>
/// Compaction on demand: makes the state durable, then drops what it makes superfluous, down to the last entries of each group. Followers that
/// need more get a snapshot. Blocks on the disk.
/// </summary>
internal sealed class LogCompaction(NodeCore core, SpareRoom spare, TimeProvider time)
{
    // A loop that takes longer is stuck or its node is stopping.
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    // A group whose last entry lies further back than the newest two files is idle.
    private const uint FilesOfTheBusy = 2;

    private readonly Lock gate = new();

    /// <summary>Compacts.</summary>
    /// <param name="keep">Entries of each group that stay at least. An idle group does not keep the files of the busy ones for its few: it keeps none.</param>
    /// <exception cref="DiskFullException">The state could not be made durable, and there was nothing to be dropped without.</exception>
    public CompactedLog Run(ulong keep)
    {
        lock (gate)
        {
            long before = core.Log.FileBytes;
            int segments = core.Log.SegmentCount;
            CompactedGroup[] groups = core.DiskFull ? MakeRoom(keep) : [];
            bool isRelieved = core.Log.SegmentCount < segments;
            try
            {
                core.FlushState();
                groups = Sum(groups, Drop(keep));
                core.Log.RemoveObsoleteSegments();
            }
            catch (DiskFullException) when (isRelieved)
            {
                // What could be dropped without writing is; the state is made durable by the next checkpoint, in the room that this made.
                return Result(before, segments, groups);
            }

            return Result(before, segments, groups);
        }
    }

    /// <summary>On a full volume: drops what needs no flush of the state, for which the log itself needs next to nothing, and that is kept for it.</summary>
    private CompactedGroup[] MakeRoom(ulong keep)
    {
        spare.GiveUp();
        CompactedGroup[] groups = Drop(keep);
        core.Log.RemoveObsoleteSegments();
        return groups;
    }

    private CompactedLog Result(long bytes, int segments, CompactedGroup[] groups) =>
        new(Math.Max(0, bytes - core.Log.FileBytes), Math.Max(0, segments - core.Log.SegmentCount), groups);

    /// <summary>Drops in the groups' loops what is durable in the state, and waits until that is written: only then may segments go.</summary>
    private CompactedGroup[] Drop(ulong keep)
    {
        Replica[] replicas = [.. core.Replicas.OrderBy(r => r.Group)];
        var groups = new CompactedGroup[replicas.Length];
        using var done = new CountdownEvent(replicas.Length);
        for (int i = 0; i < replicas.Length; i++)
        {
            (int place, Replica replica) = (i, replicas[i]);
            groups[i] = new CompactedGroup(replica.Group, 0, 0);
            replica.Do(r =>
            {
                groups[place] = Drop(r, keep);
                Signal(done);
            });
        }

        done.Wait(LongestWait);
        long written = core.Log.AppendedSequence;
        long began = time.GetTimestamp();
        while (core.Log.SyncedSequence < written && time.GetElapsedTime(began) < LongestWait && core.Log.Failure is null)
        {
            Thread.Sleep(Pause);
        }

        return groups;
    }

    private CompactedGroup Drop(Replica replica, ulong keep)
    {
        GroupLog log = replica.Log;
        ulong first = log.FirstIndex;
        bool isIdle = log.LastSegment is { } segment && segment + FilesOfTheBusy <= core.Log.NewestSegment;
        replica.Compact(Math.Min(replica.DurableIndex, isIdle ? log.LastIndex : log.LastIndex - Math.Min(keep, log.LastIndex)));
        return new CompactedGroup(replica.Group, log.FirstIndex - first, (ulong)log.Count);
    }

    private static CompactedGroup[] Sum(CompactedGroup[] earlier, CompactedGroup[] latest) =>
        [.. latest.Select(group => group with { Dropped = group.Dropped + earlier.FirstOrDefault(e => e.Group == group.Group).Dropped })];

    private static void Signal(CountdownEvent done)
    {
        try
        {
            done.Signal();
        }
        catch (ObjectDisposedException)
        {
            // It was not waited for any longer; what was dropped is dropped.
            return;
        }
    }
}

/// <summary>What a compaction did.</summary>
/// <param name="FreedBytes">Bytes that the log's files take less.</param>
/// <param name="RemovedSegments">Files that are gone.</param>
/// <param name="Groups">What became of each group's entries.</param>
public sealed record CompactedLog(long FreedBytes, int RemovedSegments, IReadOnlyList<CompactedGroup> Groups);

/// <summary>What became of a group's entries.</summary>
/// <param name="Group">The group.</param>
/// <param name="Dropped">Entries dropped.</param>
/// <param name="Kept">Entries that are still there.</param>
public readonly record struct CompactedGroup(uint Group, ulong Dropped, ulong Kept);
