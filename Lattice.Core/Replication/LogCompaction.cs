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

    private readonly Lock gate = new();

    /// <summary>Compacts.</summary>
    /// <param name="keep">Entries of each group that stay at least.</param>
    public CompactedLog Run(ulong keep)
    {
        lock (gate)
        {
            long before = core.Log.FileBytes;
            int segments = core.Log.SegmentCount;
            List<(Replica Replica, ReplicaStatus Status)> reached = [.. core.Replicas.OrderBy(r => r.Group).Select(r => (r, r.Status))];

            // What was applied when its status was read is durable from here on.
            engine.Value.Flush();
            var groups = new List<CompactedGroup>();
            foreach ((Replica replica, ReplicaStatus status) in reached)
            {
                ulong upTo = Math.Min(status.Applied.Index, status.LastIndex > keep ? status.LastIndex - keep : 0);
                groups.Add(new CompactedGroup(replica.Group, upTo >= status.FirstIndex ? upTo - status.FirstIndex + 1 : 0, status.LastIndex - Math.Max(upTo, status.FirstIndex - 1)));
            }

            Drop(reached, groups);
            core.Log.RemoveObsoleteSegments();
            return new CompactedLog(Math.Max(0, before - core.Log.FileBytes), Math.Max(0, segments - core.Log.SegmentCount), groups);
        }
    }

    /// <summary>Drops in the groups' loops, and waits until that is durable: only then may segments go.</summary>
    private void Drop(List<(Replica Replica, ReplicaStatus Status)> reached, List<CompactedGroup> groups)
    {
        using var done = new CountdownEvent(reached.Count);
        for (int i = 0; i < reached.Count; i++)
        {
            (Replica replica, ReplicaStatus status) = reached[i];
            ulong upTo = status.FirstIndex + groups[i].Dropped;
            replica.Do(r =>
            {
                r.Compact(upTo - 1);
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
