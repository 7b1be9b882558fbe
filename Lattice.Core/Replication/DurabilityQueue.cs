using Lattice.Core.Consensus;
using Lattice.Core.Log;

namespace Lattice.Core.Replication;

/// <summary>
/// What waits for the disk, in the order in which it was appended: positions to report to Raft and messages that promise
/// them. A promise leaves this node only when the log has made durable what it says.
/// </summary>
/// <param name="wal">The log.</param>
/// <param name="time">Clock.</param>
/// <param name="persisted">Told the last entry that has become durable, and the timestamp of its way into the log.</param>
/// <param name="send">Sends messages.</param>
internal sealed class DurabilityQueue(WriteAheadLog wal, TimeProvider time, Action<LogPosition, long> persisted, Action<IReadOnlyList<Message>> send)
{
    private readonly Queue<Waiting> waiting = new();
    private long lastSequence;
    private int waits;

    private readonly record struct Waiting(long Sequence, LogPosition Position, long Since, IReadOnlyList<Message> Messages);

    /// <summary>
    /// Whether something waits for the disk. Any thread. Whoever made the log durable and sees that nothing waits need not tell the replica: what it adds
    /// from then on it compares with the log itself, in <see cref="Release"/>. A full fence on both sides makes sure that one of the two sees the other.
    /// </summary>
    public bool Waits
    {
        get
        {
            Interlocked.MemoryBarrier();
            return Volatile.Read(ref waits) != 0;
        }
    }

    /// <summary>The log has appended something under this sequence.</summary>
    /// <param name="sequence">Number that the log gave it.</param>
    /// <param name="position">Last entry of it; the default when there is none.</param>
    /// <param name="messages">What to send when it is durable.</param>
    public void Add(long sequence, LogPosition position, IReadOnlyList<Message> messages)
    {
        lastSequence = sequence;
        Enqueue(new Waiting(sequence, position, time.GetTimestamp(), messages));
    }

    /// <summary>Messages that may promise what was appended before, though nothing is appended with them.</summary>
    public void Add(IReadOnlyList<Message> messages)
    {
        if (waiting.Count == 0)
        {
            send(messages);
        }
        else
        {
            Enqueue(new Waiting(lastSequence, default, 0, messages));
        }
    }

    /// <summary>Keeps the promises that the disk now allows.</summary>
    public void Release()
    {
        if (waiting.Count == 0)
        {
            return;
        }

        Interlocked.MemoryBarrier();
        long durable = wal.DurableSequence;
        while (waiting.TryPeek(out Waiting first) && first.Sequence <= durable)
        {
            waiting.Dequeue();
            if (first.Position.Index > 0)
            {
                persisted(first.Position, first.Since);
            }

            send(first.Messages);
        }

        if (waiting.Count == 0)
        {
            Volatile.Write(ref waits, 0);
        }
    }

    private void Enqueue(Waiting promise)
    {
        waiting.Enqueue(promise);
        Volatile.Write(ref waits, 1);
    }
}
