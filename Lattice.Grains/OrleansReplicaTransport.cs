using System.Collections.Concurrent;
using Lattice.Core.Consensus;
using Lattice.Core.Replication;
using Lattice.Core.Verification;

namespace Lattice.Grains;

/// <summary>
/// Raft's messages to the silos of the peers, whose addresses Orleans' membership knows. Messages of all groups for one peer share frames.
/// </summary>
public sealed class OrleansReplicaTransport : IReplicaTransport
{
    private readonly ConcurrentDictionary<int, PeerOutbox> outboxes = new();
    private readonly PeerLinks links;
    private readonly Func<FrameWriter, ReadOnlyMemory<byte>> seal;
    private readonly TimeProvider time;
    private volatile PeerDirectory? directory;
    private volatile Action<int>? unreachable;

    /// <summary>A transport that sends nothing before <see cref="Connect"/>.</summary>
    /// <param name="links">Where failures are counted.</param>
    /// <param name="node">This node.</param>
    /// <param name="lamport">Its logical clock, which frames are stamped with.</param>
    /// <param name="time">Clock.</param>
    public OrleansReplicaTransport(PeerLinks links, NodeInfo node, LamportClock lamport, TimeProvider time) =>
        (this.links, seal, this.time) = (links, frame => frame.Seal(node.Node, lamport), time);

    /// <summary>Membership can be asked from here on. Replicas may be opened before; what they send until then is lost, as messages may be.</summary>
    /// <param name="peers">Where the peers are.</param>
    /// <param name="onUnreachable">Told of a peer to which messages were lost.</param>
    public void Connect(PeerDirectory peers, Action<int> onUnreachable) => (directory, unreachable) = (peers, onUnreachable);

    /// <inheritdoc/>
    public void Send(uint group, Message message) =>
        outboxes.GetOrAdd(message.To, static (to, self) => self.Outbox(to), this).Post(group, message);

    /// <inheritdoc/>
    public void Flush() => Flush(all: false);

    /// <inheritdoc/>
    public void FlushAll() => Flush(all: true);

    private void Flush(bool all)
    {
        foreach ((_, PeerOutbox outbox) in outboxes)
        {
            outbox.Flush(all);
        }
    }

    private PeerOutbox Outbox(int to) => new(() => directory?.Route(to), seal, links.Of(to).Sent, _ => Lost(to), time);

    private void Lost(int to)
    {
        links.Of(to).SendFailed();
        unreachable?.Invoke(to);
    }
}
