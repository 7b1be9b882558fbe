using System.Collections.Concurrent;
using Lattice.Core.Consensus;
using Lattice.Core.Replication;

namespace Lattice.Grains;

/// <summary>
/// What waits to go to one peer. Messages of one turn of a loop, and those that arrive while a frame is on its way, go together, so a
/// busy node sends few frames and an idle one waits for nothing. A connection for frames is written to as fast as the peer reads. Calls of Orleans, which carry frames while
/// there is no such connection, are queued without a bound; so now and then one is to be answered, and while too many of those are not, messages gather here, where there is
/// a bound: above it they are dropped, and Raft sends them again.
/// </summary>
/// <param name="route">The way to the peer at present; null: not known. Another object when the peer was restarted.</param>
/// <param name="seal">Completes a frame as this node's.</param>
/// <param name="sent">Told the messages and the bytes of each frame that is handed over.</param>
/// <param name="lost">Called when messages were lost, with why; null: there was no room or no way.</param>
/// <param name="time">Clock.</param>
internal sealed class PeerOutbox(Func<IPeerRoute?> route, Func<FrameWriter, ReadOnlyMemory<byte>> seal, Action<int, int> sent, Action<Exception?> lost, TimeProvider time)
{
    private const int FrameBytes = 1 << 20;
    private const int InitialFrameBytes = 4096;
    private const int MessageOverhead = 128;
    private const long MaxWaitingBytes = 64L << 20;

    // A frame is answered after so many bytes or frames, and so many answers may be outstanding: about 5 MiB on their way at most.
    private const int BytesPerAnswer = 1 << 20;
    private const int FramesPerAnswer = 256;
    private const int MaxUnanswered = 4;

    // How soon it is noticed that the peer lives elsewhere now while its former life is waited for.
    private static readonly TimeSpan RouteCheck = TimeSpan.FromMilliseconds(50);

    private readonly ConcurrentQueue<(uint Group, Message Message, int Size)> waiting = new();
    private readonly Queue<Task> unanswered = new();
    private IPeerRoute? used;
    private int bytesSinceAnswer;
    private int framesSinceAnswer;
    private long waitingBytes;
    private long dropped;
    private int sending;
    private int urgent;

    /// <summary>Messages dropped since the start because the peer did not take them fast enough.</summary>
    public long Dropped => Interlocked.Read(ref dropped);

    public void Post(uint group, Message message)
    {
        int size = SizeOf(message);
        if (Interlocked.Add(ref waitingBytes, size) > MaxWaitingBytes)
        {
            Interlocked.Add(ref waitingBytes, -size);
            if (Interlocked.Increment(ref dropped) % FramesPerAnswer == 1)
            {
                lost(null);
            }

            return;
        }

        waiting.Enqueue((group, message, size));
        if (!message.CanWait)
        {
            Volatile.Write(ref urgent, 1);
        }
    }

    /// <summary>
    /// Sends what waits once something among it is urgent, on the thread that calls as far as that goes without waiting: to hand it to another thread costs more than to make the call.
    /// </summary>
    /// <param name="all">Whether what can wait goes too though nothing urgent is there.</param>
    public void Flush(bool all = false)
    {
        if ((all ? !waiting.IsEmpty : Volatile.Read(ref urgent) != 0) && Interlocked.Exchange(ref sending, 1) == 0)
        {
            // Failures are told to those who lost something.
            _ = DrainAsync();
        }
    }

    private async Task DrainAsync()
    {
        do
        {
            Interlocked.Exchange(ref urgent, 0);
            while (!waiting.IsEmpty)
            {
                try
                {
                    if (await RouteWithRoomAsync().ConfigureAwait(false) is { } way)
                    {
                        ReadOnlyMemory<byte> frame = NextFrame(out int messages);
                        sent(messages, frame.Length);
                        await SendAsync(way, frame).ConfigureAwait(false);
                    }
                    else
                    {
                        // Nobody knows where the peer is: what waits is stale by the time somebody does.
                        NextFrame(out _);
                        lost(null);
                    }
                }
                catch (Exception e)
                {
                    // The frame is lost, as it may be: Raft notices and sends again.
                    lost(e);
                }
            }

            // A full fence: what was posted meanwhile is seen here, or whoever posted it sees that nobody sends.
            Interlocked.Exchange(ref sending, 0);
        }
        while (Volatile.Read(ref urgent) != 0 && Interlocked.Exchange(ref sending, 1) == 0);
    }

    /// <summary>The way to the peer, once it may be sent to; null when there is none.</summary>
    private async ValueTask<IPeerRoute?> RouteWithRoomAsync()
    {
        for (; ; )
        {
            IPeerRoute? way = route();
            if (!ReferenceEquals(way, used))
            {
                // Whatever was on its way to the former life of the peer ended with it.
                foreach (Task answer in unanswered)
                {
                    _ = ObserveAsync(answer);
                }

                unanswered.Clear();
                (used, bytesSinceAnswer, framesSinceAnswer) = (way, 0, 0);
            }

            while (unanswered.TryPeek(out Task? oldest) && oldest.IsCompleted)
            {
                await unanswered.Dequeue().ConfigureAwait(false);
            }

            if (way is null || unanswered.Count < MaxUnanswered)
            {
                return way;
            }

            await Task.WhenAny(unanswered.Peek(), Task.Delay(RouteCheck, time)).ConfigureAwait(false);
        }
    }

    private ValueTask SendAsync(IPeerRoute way, ReadOnlyMemory<byte> frame)
    {
        bytesSinceAnswer += frame.Length;
        if (bytesSinceAnswer < BytesPerAnswer && ++framesSinceAnswer < FramesPerAnswer)
        {
            return way.SendAsync(frame);
        }

        (bytesSinceAnswer, framesSinceAnswer) = (0, 0);
        unanswered.Enqueue(way.SendAnsweredAsync(frame));
        return ValueTask.CompletedTask;
    }

    private static async Task ObserveAsync(Task answer)
    {
        try
        {
            await answer.ConfigureAwait(false);
        }
        catch (Exception)
        {
            // The peer's former life did not answer any more; nobody expects it to.
            return;
        }
    }

    private ReadOnlyMemory<byte> NextFrame(out int messages)
    {
        messages = 0;
        FrameWriter? frame = null;
        while (waiting.TryDequeue(out (uint Group, Message Message, int Size) next))
        {
            Interlocked.Add(ref waitingBytes, -next.Size);
            frame ??= new FrameWriter(Math.Max(InitialFrameBytes, next.Size));
            frame.Add(next.Group, next.Message);
            messages++;
            if (frame.Length >= FrameBytes)
            {
                break;
            }
        }

        return frame is null ? default : seal(frame);
    }

    private static int SizeOf(Message message)
    {
        int size = MessageOverhead + message.Data.Length;
        for (int i = 0; i < message.Entries.Count; i++)
        {
            size += message.Entries[i].Size;
        }

        return size;
    }
}
