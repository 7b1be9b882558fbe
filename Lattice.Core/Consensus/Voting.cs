namespace Lattice.Core.Consensus;

/// <summary>
/// How a replica answers those who want to lead. A vote is asked of one incarnation: the one that the candidate's configuration names. A
/// replica under another incarnation never grants it, and would not be counted, so a replica that lost its promises cannot help to elect
/// a leader that lacks acknowledged entries; a replica that was just promoted and does not know it yet can.
/// </summary>
internal sealed class Voting(RaftCore core)
{
    /// <summary>In <see cref="Message.HintIndex"/> of a reply: the sender has heard of a cluster.</summary>
    public const ulong HeardOfCluster = 1;

    /// <summary>Answers a <see cref="MessageKind.PreVote"/>; nothing changes here.</summary>
    public void OnPreVote(Message message)
    {
        if (IsForeignFounding(message))
        {
            Reply(message, MessageKind.PreVoteReply, granted: false, core.Term);
            return;
        }

        if (core.InLease)
        {
            return;
        }

        LearnCommit(message);
        bool granted = message.Term > core.Term && IsAsked(message) && IsUpToDate(message);
        Reply(message, MessageKind.PreVoteReply, granted, granted ? message.Term : core.Term);
    }

    /// <summary>Whether a <see cref="MessageKind.Vote"/> of a later term may move this replica into that term.</summary>
    public bool MayEnterTermOf(Message message) => IsAsked(message) && (message.Transfer || !core.InLease);

    /// <summary>A <see cref="MessageKind.Vote"/> that is not considered at all.</summary>
    public void Refuse(Message message)
    {
        if (IsForeignFounding(message) || !core.InLease)
        {
            Reply(message, MessageKind.VoteReply, granted: false, core.Term);
        }
    }

    /// <summary>Answers a <see cref="MessageKind.Vote"/> of the present term.</summary>
    public void OnVote(Message message)
    {
        LearnCommit(message);
        bool free = core.Vote == message.From || (core.Vote == 0 && core.Leader == 0);
        bool granted = free && IsAsked(message) && IsUpToDate(message);
        if (granted)
        {
            core.VoteFor(message.From);
            core.ResetElectionTimer();
        }

        Reply(message, MessageKind.VoteReply, granted, core.Term);
    }

    /// <summary>
    /// Answers a <see cref="MessageKind.RecoveryVote"/>: with term 0 it only asks how this replica stands; else it asks for the vote of that
    /// term. Every configured voter has to agree, so the winner's log holds whatever any of them still has.
    /// </summary>
    public void OnRecoveryVote(Message message)
    {
        RecoveryAnswerKind answer = Judge(message);
        bool votes = message.Term != 0;
        if (votes && answer == RecoveryAnswerKind.Agrees)
        {
            if (message.Term > core.Term)
            {
                core.BecomeFollower(message.Term, 0);
            }

            if (message.Term < core.Term || (core.Vote != 0 && core.Vote != message.From))
            {
                answer = RecoveryAnswerKind.Voted;
            }
            else
            {
                core.HeardOfCluster = true;
                core.VoteFor(message.From);
                core.ResetElectionTimer();
            }
        }

        LogPosition last = core.Log.Last;
        var reply = new Message
        {
            Kind = MessageKind.RecoveryVoteReply,
            From = core.Node,
            FromIncarnation = core.Incarnation,
            To = message.From,
            Term = message.Term,
            Index = last.Index,
            LogTerm = last.Term,
            HintTerm = core.Term,
            HintIndex = (ulong)answer,
            Reject = answer != RecoveryAnswerKind.Agrees,
            Context = message.Context,
        };
        if (votes)
        {
            core.Outbox.SendAfterPersist(reply);
        }
        else
        {
            core.Outbox.Send(reply);
        }
    }

    private RecoveryAnswerKind Judge(Message message)
    {
        if (core.InLease)
        {
            return RecoveryAnswerKind.HasLeader;
        }

        if (core.PassiveKind == RaftRole.Removed)
        {
            return RecoveryAnswerKind.Removed;
        }

        if (IsUpToDate(message))
        {
            return RecoveryAnswerKind.Agrees;
        }

        core.Recovery.Seek();
        return RecoveryAnswerKind.MoreAdvanced;
    }

    private bool IsForeignFounding(Message message) => message.Founding && !core.IsFounding;

    // Founders vote for founders with the same peers; everybody else is asked under the incarnation that the candidate's configuration names.
    private bool IsAsked(Message message) => message.Founding
        ? core.IsFounding && message.HintTerm == core.FoundingKey
        : message.HintIndex == core.Incarnation;

    private void LearnCommit(Message message)
    {
        if (!message.Founding)
        {
            core.LearnCommit(message);
        }
    }

    private bool IsUpToDate(Message message) => new LogPosition(message.Index, message.LogTerm).IsAtLeast(core.Log.Last);

    private void Reply(Message message, MessageKind kind, bool granted, ulong term)
    {
        LogPosition committed = core.Log.Committed;
        var reply = new Message
        {
            Kind = kind,
            From = core.Node,
            FromIncarnation = core.Incarnation,
            To = message.From,
            Term = term,
            Reject = !granted,

            // A replica that lost its log without belonging to a cluster stands in no founder's way.
            Founding = !core.BelongsToCluster,
            HintIndex = core.HeardOfCluster ? HeardOfCluster : 0,
            Commit = committed.Index,
            HintTerm = committed.Term,

            // The vote is for this incarnation's log, not for whatever runs as that node when the answer arrives.
            Context = message.FromIncarnation,
        };
        if (kind == MessageKind.VoteReply)
        {
            core.Outbox.SendAfterPersist(reply);
        }
        else
        {
            core.Outbox.Send(reply);
        }
    }
}
