using Lattice.Core.Consensus;

namespace Lattice.Core.Replication;

/// <summary>
/// Keeps a group's members in step with the nodes there are, in the leader's loop: takes nodes in that come back under a new
/// incarnation or that start for the first time, and gives learners a vote when they have caught up.
/// </summary>
internal sealed class MembershipKeeper(IReplicaOwner owner)
{
    // A learner whose acknowledged entries lie so close to the leader's commit index counts as caught up: a busy group never stands still.
    private const ulong CaughtUpEntries = 256;

    /// <summary>A replica asks to be taken in.</summary>
    public void Join(RaftNode raft, Member member)
    {
        if (raft.Role == RaftRole.Leader
            && (raft.Configuration.IsMember(member.Node) || owner.MayJoin(member.Node))
            && ConfigurationChange.TakeIn(raft.Configuration, member) is { } change)
        {
            // Refused while another change is under way; the replica asks again.
            raft.ProposeConfiguration(change, out _);
        }
    }

    /// <summary>Promotes learners that have caught up, one at a time.</summary>
    public static void Tick(RaftNode raft)
    {
        if (raft.Configuration.Learners.IsEmpty)
        {
            return;
        }

        foreach (PeerProgress peer in raft.Progress)
        {
            if (!peer.IsVoter && peer.Incarnation != 0 && peer.RecentActive && peer.State == ProgressState.Replicate && peer.Match + CaughtUpEntries >= raft.Commit)
            {
                raft.ProposeConfiguration(ConfigurationChange.Voter(peer.Node, peer.Incarnation), out _);
                return;
            }
        }
    }
}
