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
    private volatile PeerDirectory? directory;

    /// <summary>A transport that sends nothing before <see cref="Connect"/>.</summary>
    /// <param name="links">Where failures are counted.</param>
    public OrleansReplicaTransport(PeerLinks links) => this.links = links;

    /// <summary>Membership can be asked from here on. Replicas may be opened before; what they send until then is lost, as messages may be.</summary>
    public void Connect(PeerDirectory peers) => directory = peers;

    /// <inheritdoc/>
    public void Send(uint group, Message message) =>
        outboxes.GetOrAdd(message.To, static (to, self) => self.Outbox(to), this).Post(group, message);

    private PeerOutbox Outbox(int to) => new(frame => SendAsync(to, frame), _ => links.Of(to).SendFailed());

    private ValueTask SendAsync(int to, ReadOnlyMemory<byte> frame)
    {
        if (directory?.Find(to) is { } service)
        {
            return service.Deliver(frame);
        }

        links.Of(to).SendFailed();
        return ValueTask.CompletedTask;
    }
}
