namespace Lattice.Core.Consensus;

/// <summary>
/// What a replica does in one role. A role object lives from one transition to the next, so what it remembers cannot leak
/// into another term.
/// </summary>
internal abstract class Role(RaftCore core)
{
    public abstract RaftRole Kind { get; }

    /// <summary>Whether <see cref="Flush"/> has something to send.</summary>
    public virtual bool HasWork => false;

    protected RaftCore Core { get; } = core;

    /// <summary>A tick of the clock.</summary>
    public abstract void Tick();

    /// <summary>A message of the present term (a granted <see cref="MessageKind.PreVoteReply"/>: of the next one) that neither asks for a vote nor comes from a leader.</summary>
    public abstract void Step(Message message);

    /// <summary>A read that needs a read index.</summary>
    public virtual void ReadIndex(ulong context) => Core.Outbox.Answer(new ReadState(context, 0));

    /// <summary>More of the log is durable here.</summary>
    public virtual void OnPersisted()
    {
    }

    /// <summary>Another configuration is in effect.</summary>
    public virtual void OnConfiguration()
    {
    }

    /// <summary>Decides what goes out with the next <see cref="Ready"/>.</summary>
    public virtual void Flush()
    {
    }

    /// <summary>The role ends.</summary>
    public virtual void Leave()
    {
    }
}
