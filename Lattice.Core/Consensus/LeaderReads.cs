namespace Lattice.Core.Consensus;

/// <summary>
/// A leader's answers to reads: by a heartbeat round that a majority answers, or by its lease. Either way only once an entry of its own
/// term is committed, for before that its commit index may lie behind what the last leader acknowledged.
/// </summary>
internal sealed class LeaderReads
{
    private readonly RaftCore core;
    private readonly Replicator replicator;
    private readonly ReadIndexQueue queue;
    private readonly Func<int, ulong> roundOf;
    private readonly Func<int, ulong> answeredTickOf;
    private ulong round;
    private bool leaseGivenUp;

    public LeaderReads(RaftCore core, Replicator replicator)
    {
        this.core = core;
        this.replicator = replicator;
        queue = new ReadIndexQueue(core.Options.MaxPendingReads);
        roundOf = node => node == core.Node ? round : replicator.Find(node)?.AnsweredRound ?? 0;
        answeredTickOf = node => node == core.Node ? (ulong)core.Ticks : replicator.Find(node)?.AnsweredTick ?? 0;
    }

    /// <summary>Whether waiting reads can go on.</summary>
    public bool HasWork => queue.HasWaiting && HasCommittedInTerm;

    /// <summary>Latest heartbeat round.</summary>
    public ulong Round => round;

    private bool HasCommittedInTerm => core.Log.Term(core.Log.Commit) == core.Term;

    private bool HasLease => core.Options.LeaseReads && !leaseGivenUp
        && (ulong)core.Ticks < replicator.Quorum.Agreed(answeredTickOf) + (ulong)core.Options.LeaseTicks;

    public void Add(PendingRead read)
    {
        if (!queue.TryAdd(read))
        {
            Answer(read, 0);
        }
    }

    /// <summary>
    /// Another replica was told to campaign, and its voters are told to ignore the lease. That message may arrive at any time, so in this
    /// term no read relies on the lease any more.
    /// </summary>
    public void GiveUpLease() => leaseGivenUp = true;

    /// <summary>Starts a round for all reads that wait.</summary>
    public void Flush()
    {
        if (!HasWork)
        {
            return;
        }

        if (HasLease)
        {
            queue.Begin(round, core.Log.Commit);
            AnswerConfirmed(round);
            return;
        }

        queue.Begin(++round, core.Log.Commit);
        replicator.SendHeartbeats(round, canWait: false);
        Confirm();
    }

    public void OnHeartbeatReply(Progress member, Message message)
    {
        member.AnsweredTick = Math.Max(member.AnsweredTick, message.HintIndex);
        if (message.Context > member.AnsweredRound)
        {
            member.AnsweredRound = message.Context;
            Confirm();
        }
    }

    /// <summary>Leadership is lost: own reads are refused, those of followers time out or are asked anew of the next leader.</summary>
    public void RefuseAll()
    {
        foreach (PendingRead read in queue.Clear())
        {
            if (read.Origin == core.Node)
            {
                Answer(read, 0);
            }
        }
    }

    private void Confirm() => AnswerConfirmed(replicator.Quorum.Agreed(roundOf));

    private void AnswerConfirmed(ulong confirmed)
    {
        while (queue.Confirmed(confirmed, out ulong index) is { } reads)
        {
            foreach (PendingRead read in reads)
            {
                Answer(read, index);
            }
        }
    }

    private void Answer(PendingRead read, ulong index)
    {
        if (read.Origin == core.Node)
        {
            core.Outbox.Answer(new ReadState(read.Context, index));
            return;
        }

        core.Outbox.Send(new Message
        {
            Kind = MessageKind.ReadIndexReply,
            From = core.Node,
            FromIncarnation = core.Incarnation,
            To = read.Origin,
            Term = core.Term,
            Index = index,
            Reject = index == 0,
            Context = read.Context,
            HintIndex = read.Nonce,
        });
    }
}
