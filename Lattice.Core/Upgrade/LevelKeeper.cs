using System.Collections.Concurrent;
using System.Text;
using Lattice.Core.Consensus;
using Lattice.Core.Replication;
using Lattice.Core.State;

namespace Lattice.Core.Upgrade;

/// <summary>What became of the wish to raise the feature level.</summary>
public enum RaiseOutcome
{
    /// <summary>It is raised, or was so already.</summary>
    Done = 1,

    /// <summary>The system group is not led here, or did not agree in time.</summary>
    NotAgreed = 2,

    /// <summary>A member is not heard of, or knows no higher level.</summary>
    NotAllReady = 3,
}

/// <summary>
/// Raises the cluster's feature level, in the loop of the system group where it is led. Every frame says which levels the binary of its sender knows. Once all
/// members know a higher one, that is written down with the time; it becomes the level when an operator says so, or after <see cref="NodeCoreOptions.FinalizeAfter"/>.
/// Until then the older version may be started again on every node.
/// </summary>
internal sealed class LevelKeeper(NodeCoreOptions options, TimeProvider time)
{
    private const int TicksBetweenLooks = 20;

    private readonly ConcurrentDictionary<int, LevelRange> heard = new();
    private int ticks;
    private bool underWay;

    /// <summary>A peer's frame said what its binary knows.</summary>
    public void Heard(int node, LevelRange levels)
    {
        if (!heard.TryGetValue(node, out LevelRange known) || known != levels)
        {
            heard[node] = levels;
        }
    }

    /// <summary>Called in the system group's loop.</summary>
    public void Tick(Replica system, ClusterLevel now)
    {
        if (++ticks < TicksBetweenLooks)
        {
            return;
        }

        ticks = 0;
        if (!IsLed(system) || underWay || Reach(system.Raft) is not { } reach)
        {
            // Who is silent for a moment, for a restart perhaps, does not make the others wait from the beginning.
            return;
        }

        ClusterLevel due = Due(now, reach);
        if (due != now)
        {
            Write(system, now, due, static _ => { });
        }
    }

    /// <summary>Raises the level as far as all members know; an operator says so. Called in the system group's loop.</summary>
    public void Raise(Replica system, ClusterLevel now, Action<RaiseOutcome> done)
    {
        if (!IsLed(system) || underWay)
        {
            done(RaiseOutcome.NotAgreed);
        }
        else if (Reach(system.Raft) is not { } reach || reach < now.Level)
        {
            done(RaiseOutcome.NotAllReady);
        }
        else if (reach == now.Level)
        {
            done(options.Levels.Newest > reach ? RaiseOutcome.NotAllReady : RaiseOutcome.Done);
        }
        else
        {
            Write(system, now, new ClusterLevel { Level = reach }, done);
        }
    }

    /// <summary>What the record has to be, when all members know levels up to <paramref name="reach"/>.</summary>
    internal ClusterLevel Due(ClusterLevel now, int reach)
    {
        if (now.Level == 0)
        {
            // Of a cluster that has just been founded nobody has an older version to go back to.
            return new ClusterLevel { Level = reach };
        }

        if (reach <= now.Level)
        {
            // Perhaps somebody went back.
            return now with { Next = 0, NextSinceMs = 0 };
        }

        long ms = time.GetUtcNow().ToUnixTimeMilliseconds();
        if (now.Next != reach)
        {
            return now with { Next = reach, NextSinceMs = ms };
        }

        return options.FinalizeAfter > TimeSpan.Zero && ms - now.NextSinceMs >= options.FinalizeAfter.TotalMilliseconds ? new ClusterLevel { Level = reach } : now;
    }

    private static bool IsLed(Replica system) => system.Raft.Role == RaftRole.Leader && system.Raft.Configuration.ClusterId != 0;

    /// <summary>The highest level that all members know; null: one of them is not heard of at present.</summary>
    private int? Reach(RaftNode raft)
    {
        int reach = options.Levels.Newest;
        foreach (PeerProgress peer in raft.Progress)
        {
            if (peer.Node == raft.Node)
            {
                continue;
            }

            if (!peer.RecentActive || !heard.TryGetValue(peer.Node, out LevelRange levels))
            {
                return null;
            }

            reach = Math.Min(reach, levels.Newest);
        }

        return reach;
    }

    private void Write(Replica system, ClusterLevel now, ClusterLevel next, Action<RaiseOutcome> done)
    {
        // What was read is a condition of the write: a leader that has not applied all of its predecessor's entries yet must not lower the level.
        byte[] key = Encoding.UTF8.GetBytes(ClusterLevel.Key);
        WriteBatchBuilder batch = new WriteBatchBuilder().Command();
        batch = now == ClusterLevel.Unset ? batch.IfAbsent(key) : batch.IfValue(key, now.Encode());
        underWay = true;
        system.Write(batch.Put(key, next.Encode()).Build(), outcome =>
        {
            underWay = false;
            done(outcome.Kind == OutcomeKind.Done && WriteResult.Decode(outcome.Result)[0].Status == CommandStatus.Done ? RaiseOutcome.Done : RaiseOutcome.NotAgreed);
        });
    }
}
