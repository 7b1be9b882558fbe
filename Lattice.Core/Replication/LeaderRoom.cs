using System.Collections.Immutable;
using Lattice.Core.Consensus;

namespace Lattice.Core.Replication;

/// <summary>
/// Which replicas of a group have room for more writes, as their leader knows: each says so with its answers to heartbeats. A leader without room hands over to
/// a voter that has some; with none, or when those that have room are no majority, it refuses writes, before they eat up what is left.
/// </summary>
internal sealed class LeaderRoom(ReplicaSettings settings, IReplicaOwner owner)
{
    private readonly HashSet<int> full = [];

    // Voters that were asked to take over and did not come to lead: they are asked again after a while.
    private readonly HashSet<int> tried = [];
    private int ticks;

    private int TicksBeforeRetry => 4 * settings.ElectionTicks;

    /// <summary>A message on its way to the leader, with what it has to know of this node's room.</summary>
    public Message Mark(Message message) =>
        message.Kind == MessageKind.HeartbeatReply && owner.DiskFull ? message with { NoRoom = true } : message;

    /// <summary>A replica answers a heartbeat.</summary>
    public void Hear(Message reply)
    {
        if (reply.NoRoom)
        {
            full.Add(reply.From);
        }
        else
        {
            full.Remove(reply.From);
        }
    }

    /// <summary>Whether the replica of another node said that it has no room.</summary>
    public bool IsFull(int node) => full.Contains(node);

    /// <summary>Whether there is no room for clients' writes with this leader. One that has none itself begins to hand over, if it can.</summary>
    public bool IsMissing(RaftNode raft)
    {
        if (!owner.DiskFull)
        {
            return full.Count > 0 && !(HasMajority(raft.Configuration.Voters) && (!raft.Configuration.IsJoint || HasMajority(raft.Configuration.OutgoingVoters)));
        }

        if (raft.TransferTarget == 0 && Heir(raft) is var heir and not 0)
        {
            tried.Add(heir);
            raft.TransferLeadership(heir);
        }

        return true;
    }

    /// <summary>A tick of a leader.</summary>
    public void Tick(RaftNode raft)
    {
        if (!owner.DiskFull || (tried.Count > 0 && raft.TransferTarget == 0 && ++ticks >= TicksBeforeRetry))
        {
            ticks = 0;
            tried.Clear();
        }
    }

    /// <summary>Another replica leads: what was heard counts no more.</summary>
    public void LeadershipLost()
    {
        full.Clear();
        tried.Clear();
        ticks = 0;
    }

    private bool HasMajority(ImmutableSortedSet<int> voters)
    {
        int withRoom = 0;
        foreach (int voter in voters)
        {
            withRoom += full.Contains(voter) ? 0 : 1;
        }

        return withRoom > voters.Count / 2;
    }

    /// <summary>The most advanced voter that is up and has room; 0: there is none.</summary>
    private int Heir(RaftNode raft)
    {
        int best = 0;
        ulong furthest = 0;
        foreach (PeerProgress peer in raft.Progress)
        {
            if (peer.Node != raft.Node && peer.IsVoter && peer.RecentActive && peer.Match >= furthest && !full.Contains(peer.Node) && !tried.Contains(peer.Node))
            {
                (best, furthest) = (peer.Node, peer.Match);
            }
        }

        return best;
    }
}
