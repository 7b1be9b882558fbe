using Lattice.Core.Log;
using Lattice.Core.State;

namespace Lattice.Core.Replication;

/// <summary>
/// Compaction on demand: makes the state durable, then drops what it makes superfluous, down to the last entries of each group. Followers that
/// need more get a snapshot. Blocks on the disk.
/// </summary>
internal sealed class LogCompaction(NodeCore core, Lazy<IStateEngine> engine, TimeProvider time)
{
    // A loop that takes longer is stuck or its node is stopping.
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    // A group whose last entry lies further back than the newest two files is idle.
    private const uint FilesOfTheBusy = 2;

    private readonly Lock gate = new();

    /// <summary>Compacts.</summary>
    /// <param name="keep">Entries of each group that stay at least. An idle group does not keep the files of the busy ones for its few: it keeps none.</param>
    public CompactedLog Run(ulong keep)
    {
        lock (gate)
        {
            long before = core.Log.FileBytes;
            int segments = core.Log.SegmentCount;
            List<(Replica Replica, ulong Applied)> reached = [.. core.Replicas.OrderBy(r => r.Group).Select(r => (r, r.Status.Applied.Index))];

            // What was applied when its status was read is durable from here on.
            engine.Value.Flush();
            CompactedGroup[] groups = Drop(reached, keep);
            core.Log.RemoveObsoleteSegments();
            return new CompactedLog(Math.Max(0, before - core.Log.FileBytes), Math.Max(0, segments - core.Log.SegmentCount), groups);
        }
    }

    /// <summary>Drops in the groups' loops, and waits until that is durable: only then may segments go.</summary>
    private CompactedGroup[] Drop(List<(Replica Replica, ulong Applied)> reached, ulong keep)
    {
        var groups = new CompactedGroup[reached.Count];
        using var done = new CountdownEvent(reached.Count);
        for (int i = 0; i < reached.Count; i++)
        {
            (int place, (Replica replica, ulong durable)) = (i, reached[i]);
            groups[i] = new CompactedGroup(replica.Group, 0, 0);
            replica.Do(r =>
            {
                groups[place] = Drop(r, durable, keep);
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

    private CompactedGroup Drop(Replica replica, ulong durable, ulong keep)
    {
        GroupLog log = replica.Log;
        ulong first = log.FirstIndex;
        bool isIdle = log.LastSegment is { } segment && segment + FilesOfTheBusy <= core.Log.NewestSegment;
        replica.Compact(Math.Min(durable, isIdle ? log.LastIndex : log.LastIndex - Math.Min(keep, log.LastIndex)));
        return new CompactedGroup(replica.Group, log.FirstIndex - first, (ulong)log.Count);
    }

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
