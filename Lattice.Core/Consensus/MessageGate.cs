namespace Lattice.Core.Consensus;

/// <summary>
/// What every message passes before a role sees it: the rules of terms (Raft paper, 5.1), and who may raise them. A replica that is cut off, was
/// removed or lost its identity must not depose a leader by being heard.
/// </summary>
internal sealed class MessageGate(RaftCore core)
{
    public void Step(Message message)
    {
        core.Monitor.Hear(message);
        core.NoteSender(message);
        if (core.Role is LeaderRole && core.Configuration.Removed.Contains(message.From) && !core.Configuration.IsMember(message.From))
        {
            TellRemoved(message.From);
            return;
        }

        switch (message.Kind)
        {
            case MessageKind.Join:
                (core.Role as LeaderRole)?.OnJoin(message);
                break;
            case MessageKind.Removed:
                OnRemoved(message);
                break;
            case MessageKind.PreVote:
                core.Voting.OnPreVote(message);
                break;
            case MessageKind.Vote:
                OnVote(message);
                break;
            case MessageKind.RecoveryVote:
                core.Voting.OnRecoveryVote(message);
                break;
            case MessageKind.RecoveryVoteReply:
                OnRecoveryVoteReply(message);
                break;
            case MessageKind.Append or MessageKind.Heartbeat or MessageKind.Snapshot:
                OnLeaderMessage(message);
                break;
            case MessageKind.SnapshotChunk or MessageKind.SnapshotChunkReply:
                throw new ArgumentException($"A message of kind {message.Kind} belongs to the replica, not to Raft.", nameof(message));
            default:
                OnOther(message);
                break;
        }
    }

    private void OnVote(Message message)
    {
        if (message.Term > core.Term)
        {
            if (!core.Voting.MayEnterTermOf(message))
            {
                core.Voting.Refuse(message);
                return;
            }

            core.BecomeFollower(message.Term, 0);
        }
        else if (message.Term < core.Term)
        {
            core.Voting.Refuse(message);
            return;
        }

        core.Voting.OnVote(message);
    }

    private void OnRecoveryVoteReply(Message message)
    {
        if (message.Term == 0)
        {
            core.Recovery.OnAnswer(message);
        }
        else if (message.Term == core.Term)
        {
            core.Role.Step(message);
        }
    }

    private void OnLeaderMessage(Message message)
    {
        if (message.Term < core.Term)
        {
            // The sender leads no more, or this replica reached a later term alone. Either way the sender has to know, or the two would never agree again;
            // it heeds only members that count.
            core.Outbox.Send(new Message
            {
                Kind = MessageKind.AppendReply,
                From = core.Node,
                FromIncarnation = core.Incarnation,
                To = message.From,
                Term = core.Term,
                Index = message.Index,
                Reject = true,
            });
            return;
        }

        if (message.Term > core.Term)
        {
            core.BecomeFollower(message.Term, message.From);
        }

        core.HearLeader(message.From);
        ((FollowerRole)core.Role).OnLeaderMessage(message);
    }

    private void OnOther(Message message)
    {
        if (message.Term == core.Term)
        {
            core.Role.Step(message);
        }
        else if (message.Kind is MessageKind.PreVoteReply or MessageKind.VoteReply && ConcernsCampaign(message))
        {
            core.Role.Step(message);
        }
        else if (message.Term > core.Term)
        {
            OnLaterTerm(message);
        }
    }

    // Granted pre-votes bear the term that the candidate would enter; and that a cluster exists concerns a founder whatever the term.
    private bool ConcernsCampaign(Message message) => core.Role is CandidateRole
        && ((message is { Kind: MessageKind.PreVoteReply, Reject: false } && message.Term == core.Term + 1) || (core.IsFounding && !message.Founding));

    private void OnLaterTerm(Message message)
    {
        switch (message.Kind)
        {
            case MessageKind.TimeoutNow:
                core.BecomeFollower(message.Term, 0);
                core.Role.Step(message);
                break;
            case MessageKind.AppendReply or MessageKind.HeartbeatReply or MessageKind.VoteReply or MessageKind.PreVoteReply when Counts(message):
                core.BecomeFollower(message.Term, 0);
                break;
            default:
                // A read of somebody who knows a later term has no business here; a sender that does not count moves nothing.
                break;
        }
    }

    private bool Counts(Message message) => core.IsFounding
        ? message.Founding
        : core.Configuration.Accepts(message.From, message.FromIncarnation);

    private void OnRemoved(Message message)
    {
        if (message.Term >= core.Term)
        {
            core.HearRemoved();
        }
    }

    private void TellRemoved(int node) => core.Outbox.Send(new Message
    {
        Kind = MessageKind.Removed,
        From = core.Node,
        FromIncarnation = core.Incarnation,
        To = node,
        Term = core.Term,
    });
}
