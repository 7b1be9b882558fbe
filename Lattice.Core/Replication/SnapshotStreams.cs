using Lattice.Core.Consensus;
using Lattice.Core.State;

namespace Lattice.Core.Replication;

/// <summary>
/// The snapshot streams of a leader to followers that are behind its log, at most one each. Chunks and their replies pass Raft by; only how a stream
/// ended is reported to it.
/// </summary>
internal sealed class SnapshotStreams(ReplicaSettings settings, ulong firstStream, Action<Message> send, Action<int, bool> ended) : IDisposable
{
    private readonly Dictionary<int, SnapshotSender> senders = [];
    private ulong lastStream = firstStream;

    /// <summary>Begins a stream of the present state; false when one to that node is under way.</summary>
    public bool Begin(int to, StateMachine state)
    {
        if (senders.ContainsKey(to))
        {
            return false;
        }

        senders.Add(to, new SnapshotSender(settings, state.OpenSnapshot(), to, ++lastStream, send));
        return true;
    }

    /// <summary>Takes a follower's acknowledgement.</summary>
    public void Acknowledge(Message reply)
    {
        if (senders.TryGetValue(reply.From, out SnapshotSender? sender))
        {
            sender.Acknowledge(reply);
            EndIfOver(reply.From, sender);
        }
    }

    public void Tick()
    {
        foreach ((int to, SnapshotSender sender) in senders)
        {
            sender.Tick();
            EndIfOver(to, sender);
        }
    }

    /// <summary>Leadership is gone: the streams to others end.</summary>
    public void EndSending()
    {
        foreach (SnapshotSender sender in senders.Values)
        {
            sender.Dispose();
        }

        senders.Clear();
    }

    public void Dispose() => EndSending();

    private void EndIfOver(int to, SnapshotSender sender)
    {
        if (sender.Done || sender.Failed)
        {
            senders.Remove(to);
            sender.Dispose();
            ended(to, !sender.Failed);
        }
    }
}
