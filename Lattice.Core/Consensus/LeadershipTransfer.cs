namespace Lattice.Core.Consensus;

/// <summary>
/// Hands leadership to a voter that has the whole log (dissertation, 3.10). Meanwhile nothing is proposed, so that the target can catch up. When
/// nothing comes of it within an election timeout, the leader goes on.
/// </summary>
internal sealed class LeadershipTransfer(RaftCore core, Replicator replicator, LeaderReads reads)
{
    private int elapsed;
    private bool told;

    /// <summary>Node that shall lead; 0: none.</summary>
    public int Target { get; private set; }

    public void Begin(int node)
    {
        Configuration configuration = core.Configuration;
        if (node == core.Node || node == Target || !configuration.Voters.Contains(node) || configuration.IncarnationOf(node) == 0)
        {
            return;
        }

        Target = node;
        elapsed = 0;
        told = false;
        Advance();
    }

    public void Tick()
    {
        if (Target != 0 && ++elapsed >= core.Options.ElectionTicks)
        {
            Target = 0;
        }
    }

    /// <summary>A member is gone. If it was to lead, the leader goes on.</summary>
    public void Lost(int node)
    {
        if (node == Target)
        {
            Target = 0;
        }
    }

    /// <summary>Tells the target to campaign once it has everything.</summary>
    public void Advance()
    {
        if (Target == 0 || told)
        {
            return;
        }

        Progress? target = replicator.Find(Target);
        if (target is null)
        {
            Target = 0;
        }
        else if (target.Match == core.Log.LastIndex)
        {
            told = true;
            Tell(target);
        }
        else
        {
            replicator.Touch();
        }
    }

    /// <summary>Tells a member to campaign at once.</summary>
    public void Tell(Progress member)
    {
        reads.GiveUpLease();
        core.Outbox.Send(new Message
        {
            Kind = MessageKind.TimeoutNow,
            From = core.Node,
            FromIncarnation = core.Incarnation,
            To = member.Member.Node,
            Term = core.Term,
        });
    }
}
