using System.Collections.Concurrent;
using Lattice.Core.Consensus;
using Lattice.Core.Replication;

namespace Lattice.Grains;

/// <summary>
/// Raft's messages over one-way calls to the peers' replica services. Messages of all groups for one peer share calls.
/// </summary>
public sealed class OrleansReplicaTransport : IReplicaTransport
{
    private readonly ConcurrentDictionary<int, PeerOutbox> outboxes = new();
    private readonly PeerLinks links;
    private readonly TimeProvider time;
    private volatile PeerDirectory? directory;
    private volatile Action<int>? unreachable;

    /// <summary>A transport that sends nothing before <see cref="Connect"/>.</summary>
    /// <param name="links">Where failures are counted.</param>
    /// <param name="time">Clock.</param>
    public OrleansReplicaTransport(PeerLinks links, TimeProvider time) => (this.links, this.time) = (links, time);

    /// <summary>Membership can be asked from here on. Replicas may be opened before; what they send until then is lost, as messages may be.</summary>
    /// <param name="peers">Where the peers are.</param>
    /// <param name="onUnreachable">Told of a peer to which messages were lost.</param>
    public void Connect(PeerDirectory peers, Action<int> onUnreachable) => (directory, unreachable) = (peers, onUnreachable);

    /// <inheritdoc/>
    public void Send(uint group, Message message) =>
        outboxes.GetOrAdd(message.To, static (to, self) => self.Outbox(to), this).Post(group, message);

    private PeerOutbox Outbox(int to) => new(() => directory?.Route(to), _ => Lost(to), time);

    private void Lost(int to)
    {
        links.Of(to).SendFailed();
        unreachable?.Invoke(to);
    }
}
