using Lattice.Core.Verification;

namespace Lattice.Core.Consensus;

/// <summary>
/// Follows a leader: takes its entries, and campaigns, or asks to be taken in, when it falls silent. Also the role of everybody who
/// does not campaign or lead: learners, recovering and removed replicas.
/// </summary>
internal sealed class FollowerRole(RaftCore core) : Role(core)
{
    private readonly List<(ulong Context, int Age)> forwarded = [];
    private int ticksSinceJoin;
    private bool toldToCampaign;
    private bool leaderMeansAnother;
    private ulong answeredRound;

    public override RaftRole Kind => Core.PassiveKind;

    public override void Tick()
    {
        AgeReads();
        toldToCampaign = false;
        if (Core.Leader != 0 && leaderMeansAnother && ++ticksSinceJoin >= Core.Options.ElectionTicks)
        {
            // The leader still counts on another incarnation of this node, so nothing that this one acknowledges counts.
            ticksSinceJoin = 0;
            Core.Search.AskToJoin();
        }

        if (++Core.ElectionElapsed >= Core.ElectionTimeout)
        {
            Core.Search.OnElectionTimeout();
        }
    }

    public override void Step(Message message)
    {
        switch (message.Kind)
        {
            case MessageKind.TimeoutNow:
                toldToCampaign = true;
                CampaignIfTold();
                break;
            case MessageKind.ReadIndexReply:
                TakeReadIndex(message);
                break;
            case MessageKind.ReadIndex:
                Core.Outbox.Send(Reply(message, MessageKind.ReadIndexReply) with { Reject = true, Context = message.Context, HintIndex = message.HintIndex });
                break;
            default:
                // An answer to an earlier role of this replica.
                break;
        }
    }

    /// <summary>Takes a message of the leader of this term.</summary>
    public void OnLeaderMessage(Message message)
    {
        switch (message.Kind)
        {
            case MessageKind.Append:
                OnAppend(message);
                break;
            case MessageKind.Heartbeat:
                leaderMeansAnother = message.HintTerm != Core.Incarnation;

                // Never beyond this log: a replica whose disk does not sync may hold less than the leader was told.
                Core.Log.CommitTo(Math.Min(message.Commit, Core.Log.LastIndex));

                // A round that began for reads is waited for; what every tick brings is not.
                bool isKnown = message.Context == answeredRound;
                answeredRound = message.Context;
                Core.Outbox.Send(Reply(message, MessageKind.HeartbeatReply) with { Context = message.Context, HintIndex = message.HintIndex, CanWait = isKnown });
                break;
            default:
                // A snapshot stream begins: the replica takes its chunks and reports when it is installed.
                break;
        }
    }

    public override void ReadIndex(ulong context)
    {
        if (Core.Leader == 0 || forwarded.Count >= Core.Options.MaxPendingReads)
        {
            Core.Outbox.Answer(new ReadState(context, 0));
            return;
        }

        forwarded.Add((context, 0));
        Core.Outbox.Send(new Message
        {
            Kind = MessageKind.ReadIndex,
            From = Core.Node,
            FromIncarnation = Core.Incarnation,
            To = Core.Leader,
            Term = Core.Term,
            Context = context,
            HintIndex = Core.Nonce,
        });
    }

    public override void OnConfiguration() => CampaignIfTold();

    /// <summary>What the old leader was asked it will not answer.</summary>
    public void OnLeaderChanged() => RefuseReads();

    public override void Leave() => RefuseReads();

    private void CampaignIfTold()
    {
        // A configuration that is committed but not applied here stands in the way until it is: a leader that leaves its own group
        // tells its heir both in one breath.
        if (toldToCampaign && Core.CanCampaign)
        {
            toldToCampaign = false;
            Core.BecomeCandidate(CampaignKind.Transfer);
        }
    }

    private void OnAppend(Message message)
    {
        RaftLog log = Core.Log;
        LogRules.IsPieceOfLog(message);
        var previous = new LogPosition(message.Index, message.LogTerm);
        if (previous.Index < log.Commit && log.TryTerm(previous.Index, out ulong own))
        {
            LogRules.AgreesWithCommitted(message.From, previous, own);
        }

        if (previous.Index < log.FirstIndex - 1)
        {
            // Committed and compacted here. The leader holds it too; it learns how far this log surely agrees.
            Acknowledge(message, log.Commit);
            return;
        }

        if (!log.Contains(previous))
        {
            LogPosition hint = log.LastNotBeyond(Math.Min(previous.Index, log.LastIndex), previous.Term);
            Core.Outbox.Send(Reply(message, MessageKind.AppendReply) with
            {
                Reject = true,
                Index = previous.Index,
                HintIndex = hint.Index,
                HintTerm = hint.Term,
            });
            return;
        }

        Core.Merge(message.Entries, message.From);
        ulong last = previous.Index + (ulong)message.Entries.Count;

        // Only what this message showed to agree may be committed: the log may go on with entries of a dead leader.
        log.CommitTo(Math.Min(message.Commit, last));
        if (message.Context != Replicator.CommitNotice)
        {
            Acknowledge(message, last);
        }
    }

    private void Acknowledge(Message message, ulong index) => Core.Outbox.SendAfterPersist(Reply(message, MessageKind.AppendReply) with
    {
        Index = index,

        // The leader checks it against its own log: a replica of another history is never counted.
        LogTerm = Core.Log.Term(index),
    });

    private Message Reply(Message message, MessageKind kind) => new()
    {
        Kind = kind,
        From = Core.Node,
        FromIncarnation = Core.Incarnation,
        To = message.From,
        Term = Core.Term,
    };

    private void TakeReadIndex(Message message)
    {
        int place = forwarded.FindIndex(read => read.Context == message.Context);
        if (message.HintIndex == Core.Nonce && place >= 0)
        {
            forwarded.RemoveAt(place);
            Core.Outbox.Answer(new ReadState(message.Context, message.Reject ? 0 : message.Index));
        }
    }

    private void AgeReads()
    {
        for (int i = forwarded.Count - 1; i >= 0; i--)
        {
            (ulong context, int age) = forwarded[i];
            if (age + 1 >= Core.Options.ElectionTicks)
            {
                forwarded.RemoveAt(i);
                Core.Outbox.Answer(new ReadState(context, 0));
            }
            else
            {
                forwarded[i] = (context, age + 1);
            }
        }
    }

    private void RefuseReads()
    {
        foreach ((ulong context, _) in forwarded)
        {
            Core.Outbox.Answer(new ReadState(context, 0));
        }

        forwarded.Clear();
    }
}
