using Lattice.Core.Consensus;

namespace Lattice.Core.Replication;

/// <summary>
/// Spreads the leaders of the groups over the nodes: group g is best led by the voter at place g, counted round. A
/// leader elsewhere hands over once that voter has been up and caught up for a while, so a node that comes back
/// takes its groups again, and none moves while the cluster is unsettled. One whose disk is full gets none. While an operator wants one node to lead, it leads all groups best.
/// </summary>
internal sealed class LeadershipKeeper(uint group, ReplicaSettings settings, IReplicaOwner owner, LeaderRoom room)
{
    // A voter whose acknowledged entries lie so close to the leader's commit index counts as caught up: a busy group never stands still, and what
    // is missing is sent before the voter campaigns.
    private const ulong CaughtUpEntries = 256;

    private int settledTicks;

    private int TicksBeforeMove => 6 * settings.ElectionTicks;

    public void Tick(RaftNode raft)
    {
        int preferred = Preferred(group, raft.Configuration, owner.PreferredLeader);
        if (preferred == raft.Node || preferred == 0 || raft.TransferTarget != 0 || room.IsFull(preferred) || !IsCaughtUp(raft, preferred))
        {
            settledTicks = 0;
            return;
        }

        if (++settledTicks >= TicksBeforeMove)
        {
            settledTicks = 0;
            raft.TransferLeadership(preferred);
        }
    }

    /// <summary>The node that leads the group best; 0 when there is none at present.</summary>
    /// <param name="group">The group.</param>
    /// <param name="configuration">Its members.</param>
    /// <param name="wanted">Node that an operator wants to lead; 0: none.</param>
    public static int Preferred(uint group, Configuration configuration, int wanted)
    {
        if (configuration.Voters.IsEmpty || configuration.IsJoint)
        {
            return 0;
        }

        if (configuration.Voters.Contains(wanted))
        {
            return wanted;
        }

        return LeaderSpread.Of(group, configuration.Voters);
    }

    private static bool IsCaughtUp(RaftNode raft, int node)
    {
        foreach (PeerProgress peer in raft.Progress)
        {
            if (peer.Node == node)
            {
                return peer.RecentActive && peer.Match + CaughtUpEntries >= raft.Commit;
            }
        }

        return false;
    }
}
