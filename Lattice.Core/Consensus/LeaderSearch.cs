namespace Lattice.Core.Consensus;

/// <summary>
/// What a replica does that has not heard a leader for a while: it campaigns if it may, asks to be taken in if it does not count, and considers
/// a recovery when neither has helped.
/// </summary>
internal sealed class LeaderSearch(RaftCore core)
{
    // Election timeouts without a leader after which a member that could campaign also asks to be taken in, and recovery begins.
    private const int PatienceTimeouts = 3;

    // A removed replica asks this rarely whether it may come back.
    private const int RemovedPatienceTimeouts = 10;

    // A founder that heard of a cluster asks this rarely whether that cluster has gone; meanwhile it waits to be taken in.
    private const int FoundingPatienceTimeouts = 5;

    // So long founders wait for a peer that says nothing: it may belong to a cluster, be started later than they, and hold what they have lost.
    private const int SilentPeerTimeouts = 30;

    // Election timeouts in a row without a leader.
    private int timeouts;

    /// <summary>Whether founders have waited long enough for a peer that says nothing.</summary>
    public bool MayFoundWithoutAll => timeouts >= SilentPeerTimeouts;

    /// <summary>Whether this replica may try to found a group now.</summary>
    public bool MayFoundNow => core.IsFounding && (!core.HeardOfCluster || timeouts % FoundingPatienceTimeouts == 0);

    /// <summary>There is a leader.</summary>
    public void Ended() => timeouts = 0;

    /// <summary>An election timeout passed without a leader or a result.</summary>
    public void OnElectionTimeout()
    {
        timeouts++;
        core.ForgetLeader();
        RaftRole passive = core.PassiveKind;
        if (passive == RaftRole.Removed)
        {
            core.ResetElectionTimer();
            AskToJoin(every: RemovedPatienceTimeouts);
            return;
        }

        AskToJoin(every: passive == RaftRole.Recovering ? 1 : PatienceTimeouts);
        if (core.CanCampaign)
        {
            core.BecomeCandidate(CampaignKind.PreElection);
        }
        else
        {
            core.ResetElectionTimer();
            if (core.Role is not FollowerRole)
            {
                core.BecomeFollower(core.Term, 0);
            }
        }

        if (timeouts >= PatienceTimeouts && core.Role is not LeaderRole)
        {
            core.Recovery.OnLeaderlessTimeout();
        }
    }

    /// <summary>Asks the leader, or whoever may lead, to take this incarnation in; a leader that has done so ignores it.</summary>
    public void AskToJoin(int every = 1)
    {
        if ((core.IsFounding && !core.HeardOfCluster) || timeouts % every != 0)
        {
            return;
        }

        if (core.Leader != 0)
        {
            Ask(core.Leader);
            return;
        }

        foreach (int node in KnownNodes())
        {
            Ask(node);
        }
    }

    /// <summary>Every other node that may belong to the group.</summary>
    public SortedSet<int> KnownNodes()
    {
        Configuration latest = core.Configurations.Latest;
        var nodes = new SortedSet<int>(core.Options.Peers);
        nodes.UnionWith(core.Options.FoundingPeers);
        nodes.UnionWith(latest.Voters);
        nodes.UnionWith(latest.OutgoingVoters);
        nodes.Remove(core.Node);
        return nodes;
    }

    private void Ask(int node) => core.Outbox.Send(new Message
    {
        Kind = MessageKind.Join,
        From = core.Node,
        FromIncarnation = core.Incarnation,
        To = node,
        Index = core.Log.LastIndex,
    });
}
