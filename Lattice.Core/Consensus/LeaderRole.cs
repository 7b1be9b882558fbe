namespace Lattice.Core.Consensus;

/// <summary>Leads the group for one term.</summary>
internal sealed class LeaderRole : Role
{
    private readonly Replicator replicator;
    private readonly LeaderReads reads;
    private readonly LeadershipTransfer transfer;
    private readonly LeaderProposals proposals;
    private int heartbeatElapsed;
    private ulong firstIndex;

    public LeaderRole(RaftCore core, bool holdUntilPersisted)
        : base(core)
    {
        replicator = new Replicator(core, holdUntilPersisted);
        reads = new LeaderReads(core, replicator);
        transfer = new LeadershipTransfer(core, replicator, reads);
        proposals = new LeaderProposals(core, replicator, transfer);
    }

    /// <summary>A replica that elected itself alone stays a candidate to the outside until that vote is durable.</summary>
    public override RaftRole Kind => IsEstablished ? RaftRole.Leader : RaftRole.Candidate;

    public override bool HasWork => replicator.HasWork || reads.HasWork;

    /// <summary>Whether this replica leads for good: a crash cannot make it forget that it gave itself its vote.</summary>
    public bool IsEstablished => !replicator.IsHeld;

    public LeadershipTransfer Transfer => transfer;

    public LeaderProposals Proposals => proposals;

    public Replicator Replicator => replicator;

    /// <summary>Appends the entry that gives this term something to commit, and starts to replicate.</summary>
    public void Begin(Configuration? first)
    {
        firstIndex = proposals.Begin(first).Index;
        replicator.Reconfigure();
    }

    public override void Tick()
    {
        if (!replicator.HasQuorumContact)
        {
            // Cut off from the majority, which may have another leader by now: stop before anybody reads from here.
            Core.BecomeFollower(Core.Term, 0);
            return;
        }

        transfer.Tick();
        proposals.LeaveJoint();
        if (++heartbeatElapsed >= Core.Options.HeartbeatTicks)
        {
            heartbeatElapsed = 0;
            replicator.SendHeartbeats(reads.Round, canWait: true);
        }
    }

    public override void Step(Message message)
    {
        if (message.Kind == MessageKind.VoteReply)
        {
            TakeLateFounder(message);
            return;
        }

        if (replicator.Hear(message) is not { } member)
        {
            return;
        }

        switch (message.Kind)
        {
            case MessageKind.AppendReply:
                replicator.OnAppendReply(member, message);
                AfterProgress();
                break;
            case MessageKind.HeartbeatReply:
                replicator.OnHeartbeatReply(member);
                reads.OnHeartbeatReply(member, message);
                break;
            case MessageKind.ReadIndex:
                reads.Add(new PendingRead(message.From, message.Context, message.HintIndex));
                break;
            default:
                // An answer to an earlier role of this replica.
                break;
        }
    }

    /// <summary>A replica asks to be taken in.</summary>
    public void OnJoin(Message message)
    {
        if (Core.Configuration.Accepts(message.From, message.FromIncarnation))
        {
            // It was; it only does not know yet.
            if (replicator.Hear(message) is { } member)
            {
                replicator.OnHeartbeatReply(member);
            }

            return;
        }

        Core.Outbox.Join(new Member(message.From, message.FromIncarnation));
    }

    /// <summary>The transport says that a member's process is gone.</summary>
    public void OnPeerDown(int node)
    {
        replicator.Find(node)?.Pause();
        transfer.Lost(node);
    }

    public override void ReadIndex(ulong context) => reads.Add(new PendingRead(Core.Node, context, Core.Nonce));

    public override void OnPersisted()
    {
        bool held = replicator.IsHeld;
        replicator.OnPersisted(firstIndex);
        if (held && IsEstablished)
        {
            Core.EstablishLeader();
        }

        AfterProgress();
    }

    public override void OnConfiguration()
    {
        replicator.Reconfigure();
        if (firstIndex == 0)
        {
            return;
        }

        if (!Core.IsAcceptedVoter)
        {
            StepDown();
            return;
        }

        proposals.LeaveJoint();
        AfterProgress();
    }

    public override void Flush()
    {
        replicator.Flush();
        reads.Flush();
    }

    public override void Leave() => reads.RefuseAll();

    private void AfterProgress()
    {
        if (replicator.Commit())
        {
            proposals.LeaveJoint();
        }

        transfer.Advance();
    }

    /// <summary>This leader is no voter any more, and the change that made it so is committed: it leaves in order.</summary>
    private void StepDown()
    {
        // The others learn that the change is committed, and one of them leads on at once.
        replicator.Flush();
        if (replicator.CaughtUpVoter() is { } heir)
        {
            transfer.Tell(heir);
        }

        Core.BecomeFollower(Core.Term, 0);
    }

    /// <summary>A founder's vote that came after the founding was decided: it is taken in at once.</summary>
    private void TakeLateFounder(Message message)
    {
        if (message is { Founding: true, Reject: false } && Core.Configuration.IsVoter(message.From) && Core.Configuration.IncarnationOf(message.From) == 0)
        {
            Core.Outbox.Join(new Member(message.From, message.FromIncarnation));
        }
    }
}
