using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Lattice.Bench.Peers.DotNextRaft;

/// <summary>Frames over one TCP connection, the same at both ends. What is to be sent at the same time is gathered and sent together.</summary>
internal sealed class FrameConnection : IAsyncDisposable
{
    private const int LengthBytes = sizeof(int);
    private const int HeadBytes = sizeof(int) + sizeof(FrameKind);
    private const int MostFramesWaiting = 4096;
    private const int MostBytesGathered = 1 << 20;
    private const int ReceiveBytes = 128 << 10;

    private readonly Socket socket;
    private readonly PipeReader reader;
    private readonly PipeWriter writer;
    private readonly Channel<Frame> outgoing = Channel.CreateBounded<Frame>(new BoundedChannelOptions(MostFramesWaiting) { SingleReader = true });
    private readonly Task sending;

    /// <summary>Frames over a connected socket, which is closed with it.</summary>
    public FrameConnection(Socket socket)
    {
        this.socket = socket;
        socket.NoDelay = true;
        var stream = new NetworkStream(socket);
        reader = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: ReceiveBytes));
        writer = PipeWriter.Create(stream);
        sending = Task.Run(SendAllAsync);
    }

    /// <summary>Hands over a frame to be sent.</summary>
    /// <exception cref="ChannelClosedException">The connection is closed.</exception>
    public ValueTask SendAsync(Frame frame, CancellationToken cancellation) => outgoing.Writer.WriteAsync(frame, cancellation);

    /// <summary>The frames that arrive, until the other end closes the connection.</summary>
    /// <exception cref="IOException">The connection broke.</exception>
    public async IAsyncEnumerable<Frame> ReceiveAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        while (true)
        {
            ReadResult read = await reader.ReadAsync(cancellation).ConfigureAwait(false);
            ReadOnlySequence<byte> rest = read.Buffer;
            while (TryTake(ref rest, out Frame frame))
            {
                yield return frame;
            }

            reader.AdvanceTo(rest.Start, rest.End);
            if (read.IsCompleted)
            {
                yield break;
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        outgoing.Writer.TryComplete();
        socket.Dispose();
        await sending.ConfigureAwait(false);
    }

    private static bool TryTake(ref ReadOnlySequence<byte> rest, out Frame frame)
    {
        var bytes = new SequenceReader<byte>(rest);
        if (!bytes.TryReadLittleEndian(out int length) || bytes.Remaining < length)
        {
            frame = default;
            return false;
        }

        bytes.TryReadLittleEndian(out int id);
        bytes.TryRead(out byte kind);
        frame = new Frame(id, (FrameKind)kind, bytes.UnreadSequence.Slice(0, length - HeadBytes).ToArray());
        rest = rest.Slice(LengthBytes + length);
        return true;
    }

    private async Task SendAllAsync()
    {
        try
        {
            while (await outgoing.Reader.WaitToReadAsync().ConfigureAwait(false))
            {
                while (writer.UnflushedBytes < MostBytesGathered && outgoing.Reader.TryRead(out Frame frame))
                {
                    Append(frame);
                }

                await writer.FlushAsync().ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The receiving end sees the same, and tells whoever waits.
            outgoing.Writer.TryComplete(e);
        }
    }

    private void Append(in Frame frame)
    {
        Span<byte> head = writer.GetSpan(LengthBytes + HeadBytes);
        BinaryPrimitives.WriteInt32LittleEndian(head, HeadBytes + frame.Body.Length);
        BinaryPrimitives.WriteInt32LittleEndian(head[LengthBytes..], frame.Id);
        head[LengthBytes + sizeof(int)] = (byte)frame.Kind;
        writer.Advance(LengthBytes + HeadBytes);
        writer.Write(frame.Body.Span);
    }
}
