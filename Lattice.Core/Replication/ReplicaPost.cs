using Lattice.Core.Consensus;
using Lattice.Core.Verification;

namespace Lattice.Core.Replication;

/// <summary>What a replica sends to the other nodes: Raft's messages, those that pass it by, and in place of the message that announces a snapshot the stream of it.</summary>
internal sealed class ReplicaPost : IDisposable
{
    private readonly ReplicaParts parts;
    private readonly IReplicaTransport transport;
    private readonly LeaderRoom room;
    private readonly ReplicaTrace trace;
    private readonly SnapshotStreams streams;

    public ReplicaPost(ReplicaParts parts, ReplicaSettings settings, TimeProvider time, IReplicaTransport transport, LeaderRoom room, ReplicaTrace trace)
    {
        this.parts = parts;
        this.transport = transport;
        this.room = room;
        this.trace = trace;

        // Stream numbers must not repeat across restarts of this node, or a receiver would take chunks of two snapshots for one.
        ulong firstStream = (ulong)time.GetUtcNow().ToUnixTimeMilliseconds() << 16;
        streams = new SnapshotStreams(settings, firstStream, SendOutsideRaft, StreamEnded);
    }

    /// <summary>Sends what had to wait for the disk.</summary>
    public void SendPersisted(IReadOnlyList<Message> messages)
    {
        for (int i = 0; i < messages.Count; i++)
        {
            trace.Sends(messages[i]);
            transport.Send(parts.Group, messages[i]);
        }
    }

    /// <summary>Sends what need not wait, and begins the streams that Raft asks for.</summary>
    /// <param name="messages">The messages.</param>
    /// <param name="applier">Knows whether the state may spread.</param>
    public void Send(IReadOnlyList<Message> messages, EntryApplier applier)
    {
        for (int i = 0; i < messages.Count; i++)
        {
            if (messages[i].Kind != MessageKind.Snapshot)
            {
                trace.Sends(messages[i]);
                transport.Send(parts.Group, room.Mark(messages[i]));
            }
            else if (!applier.MayServe)
            {
                // A state that nobody has confirmed must not spread. Raft asks for the snapshot again.
                applier.Exchange?.NeedsSnapshot(messages[i].To);
                parts.Raft.ReportSnapshot(messages[i].To, success: false);
            }
            else if (streams.Begin(messages[i].To, parts.State))
            {
                trace.Streams(messages[i].To, parts.State.Applied.Index);
            }
        }
    }

    /// <summary>Sends a message that Raft knows nothing of.</summary>
    public void SendOutsideRaft(Message message)
    {
        trace.Sends(message);
        transport.Send(parts.Group, message with { From = parts.Node, FromIncarnation = parts.Incarnation, Term = parts.Raft.Term });
    }

    /// <summary>What was sent goes on its way now, and not with what this node's groups send next.</summary>
    public void Flush() => transport.Flush();

    /// <summary>A follower has taken a part of its stream.</summary>
    public void Acknowledge(Message reply) => streams.Acknowledge(reply);

    public void Tick() => streams.Tick();

    /// <summary>Leadership is gone, or the state is wrong: nothing more is streamed.</summary>
    public void EndStreams() => streams.EndSending();

    public void Dispose() => streams.Dispose();

    private void StreamEnded(int to, bool delivered)
    {
        trace.Streamed(to, delivered);
        parts.Raft.ReportSnapshot(to, delivered);
    }
}
