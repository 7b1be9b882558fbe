using Lattice.Core.Consensus;

namespace Lattice.Core.Replication;

/// <summary>
/// Carries messages between the replicas of a group. Best effort: messages may be lost, repeated, delayed and
/// reordered. Never blocks. Called from the loops of all groups.
/// </summary>
public interface IReplicaTransport
{
    /// <summary>Hands the message over for <see cref="Message.To"/>.</summary>
    /// <param name="group">Raft group it belongs to.</param>
    /// <param name="message">The message; not changed afterwards.</param>
    void Send(uint group, Message message);

    /// <summary>
    /// Whoever sent has nothing more to say for the moment: what was handed over goes on its way, except what <see cref="Message.CanWait"/> alone. Any thread.
    /// </summary>
    void Flush();

    /// <summary>All replicas have looked at the clock: everything goes on its way. Any thread.</summary>
    void FlushAll();
}
