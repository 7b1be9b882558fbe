using Lattice.Core.Consensus;

namespace Lattice.Core.Replication;

/// <summary>
/// Hands one replica's leadership over before its node stops. Nodes that stop together hand groups to each other, and some do not answer any
/// more: so each voter is tried once, the most advanced first, and then the group is left to elect for itself.
/// </summary>
internal sealed class HandOver(Replica replica)
{
    private readonly HashSet<int> tried = [];
    private volatile bool finished;

    /// <summary>Whether there is nothing more to do, as of the last <see cref="Advance"/>.</summary>
    public bool IsFinished => finished;

    /// <summary>Has the replica's loop look at how it stands and try the next voter. Any thread.</summary>
    public void Advance() => replica.Do(Step);

    private void Step(Replica self) => finished = self.Raft.Role switch
    {
        RaftRole.Leader when self.Raft.TransferTarget != 0 => false,
        RaftRole.Leader => !TryNext(self.Raft),

        // Another node that stops has just handed over to this one, or nearly: it is handed on.
        RaftRole.Candidate => false,
        _ => true,
    };

    private bool TryNext(RaftNode raft)
    {
        int best = 0;
        ulong furthest = 0;
        foreach (PeerProgress peer in raft.Progress)
        {
            if (peer.Node != raft.Node && peer.IsVoter && peer.RecentActive && peer.Match >= furthest && !tried.Contains(peer.Node))
            {
                (best, furthest) = (peer.Node, peer.Match);
            }
        }

        if (best == 0)
        {
            return false;
        }

        tried.Add(best);
        raft.TransferLeadership(best);
        return true;
    }
}
