using System.Buffers;
using System.Collections.Concurrent;
using Lattice.Core.Consensus;
using Lattice.Core.Replication;

namespace Lattice.Grains;

/// <summary>
/// What waits to go to one peer. Messages that arrive while a frame is being sent go together into the next one, so a
/// busy node makes few calls and an idle one waits for nothing. Above the bound messages are dropped: Raft sends again.
/// </summary>
internal sealed class PeerOutbox(Func<ReadOnlyMemory<byte>, ValueTask> send, Action<Exception> failed) : IThreadPoolWorkItem
{
    private const int FrameBytes = 1 << 20;
    private const long MaxWaitingBytes = 64L << 20;
    private const int InitialFrameBytes = 4096;

    private readonly ConcurrentQueue<(uint Group, Message Message, int Size)> waiting = new();
    private long waitingBytes;
    private long dropped;
    private int sending;

    /// <summary>Messages dropped since the start because the peer did not take them fast enough.</summary>
    public long Dropped => Interlocked.Read(ref dropped);

    public void Post(uint group, Message message)
    {
        int size = SizeOf(message);
        if (Interlocked.Add(ref waitingBytes, size) > MaxWaitingBytes)
        {
            Interlocked.Add(ref waitingBytes, -size);
            Interlocked.Increment(ref dropped);
            return;
        }

        waiting.Enqueue((group, message, size));
        if (Interlocked.Exchange(ref sending, 1) == 0)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    void IThreadPoolWorkItem.Execute() => _ = DrainAsync();

    private async Task DrainAsync()
    {
        do
        {
            while (NextFrame() is { } frame)
            {
                try
                {
                    await send(frame);
                }
                catch (Exception e)
                {
                    // The frame is lost, as it may be: Raft notices and sends again.
                    failed(e);
                }
            }

            Volatile.Write(ref sending, 0);
        }
        while (!waiting.IsEmpty && Interlocked.Exchange(ref sending, 1) == 0);
    }

    private ReadOnlyMemory<byte>? NextFrame()
    {
        if (!waiting.TryDequeue(out (uint Group, Message Message, int Size) next))
        {
            return null;
        }

        var frame = new ArrayBufferWriter<byte>(Math.Max(InitialFrameBytes, next.Size));
        do
        {
            Interlocked.Add(ref waitingBytes, -next.Size);
            MessageCodec.Write(frame, next.Group, next.Message);
        }
        while (frame.WrittenCount < FrameBytes && waiting.TryDequeue(out next));

        return frame.WrittenMemory;
    }

    private static int SizeOf(Message message)
    {
        int size = 128 + message.Data.Length;
        for (int i = 0; i < message.Entries.Count; i++)
        {
            size += message.Entries[i].Size;
        }

        return size;
    }
}
