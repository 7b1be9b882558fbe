using System.Buffers;
using System.IO.Pipelines;

namespace Lattice.Grains.Streams;

/// <summary>Something that is sent as a frame.</summary>
internal interface IFrame
{
    /// <summary>Its bytes.</summary>
    int Length { get; }

    /// <summary>Writes all of them.</summary>
    void WriteTo(Span<byte> target);
}

/// <summary>
/// The way of frames into a connection, from any thread: a frame goes at once, on the thread that brings it; those that come while one goes follow it together.
/// </summary>
internal sealed class FrameOutbox(PipeWriter output)
{
    // Above this much that waits for the other end to read, no more is begun for it.
    private const int MuchWaiting = 4 << 20;
    private const int LargestKept = 1 << 20;

    private readonly Lock gate = new();
    private ArrayBufferWriter<byte> filling = new();
    private ArrayBufferWriter<byte> going = new();
    private TaskCompletionSource? room;
    private bool isSending;
    private bool isOver;

    /// <summary>Sends a frame, as far as there is still a connection.</summary>
    public void Send<TFrame>(in TFrame frame)
        where TFrame : struct, IFrame
    {
        lock (gate)
        {
            if (isOver)
            {
                return;
            }

            FrameStream.WriteLength(filling, frame.Length);
            frame.WriteTo(filling.GetSpan(frame.Length)[..frame.Length]);
            filling.Advance(frame.Length);
            if (isSending)
            {
                return;
            }

            isSending = true;
        }

        _ = SendAllAsync();
    }

    /// <summary>Waits while much waits for the other end.</summary>
    public Task RoomAsync()
    {
        lock (gate)
        {
            return isOver || filling.WrittenCount < MuchWaiting ? Task.CompletedTask : (room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    /// <summary>The connection is over: nothing more is sent.</summary>
    public void End()
    {
        lock (gate)
        {
            isOver = true;
            room?.TrySetResult();
        }
    }

    private async Task SendAllAsync()
    {
        try
        {
            while (TryTake())
            {
                FlushResult sent = await output.WriteAsync(going.WrittenMemory).ConfigureAwait(false);
                if (sent.IsCompleted || sent.IsCanceled)
                {
                    End();
                    return;
                }
            }
        }
        catch (Exception)
        {
            // Whatever it was, the connection is over. Who reads from it learns that too, and tells those who wait.
            End();
        }
    }

    /// <summary>What has come meanwhile is next; false: nothing has, and whoever brings something sends it.</summary>
    private bool TryTake()
    {
        lock (gate)
        {
            if (filling.WrittenCount == 0 || isOver)
            {
                isSending = false;
                return false;
            }

            (filling, going) = (going.Capacity > LargestKept ? new ArrayBufferWriter<byte>() : going, filling);
            filling.ResetWrittenCount();
            room?.TrySetResult();
            room = null;
            return true;
        }
    }
}
