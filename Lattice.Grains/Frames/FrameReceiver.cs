using System.Buffers;
using System.IO.Pipelines;
using Lattice.Core.Replication;
using Lattice.Grains.Streams;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Orleans.Runtime.Messaging;

namespace Lattice.Grains.Frames;

/// <summary>
/// Takes the frames of the other nodes: of connections to the port of silos those that begin as a <see cref="NodeStream"/>, whoever may connect there at all, and those that come as
/// calls of Orleans.
/// </summary>
public sealed partial class FrameReceiver(ReplicaHost host, PeerLinks links, ILogger<FrameReceiver> logger) : IConnectionMiddleware
{
    /// <summary>A frame came.</summary>
    public void Take(ReadOnlyMemory<byte> frame)
    {
        // Only of those who are known: the name in a damaged frame may be any.
        links.Find(FrameCodec.SenderOf(frame.Span))?.Received(frame.Length);
        host.Receive(frame);
    }

    /// <inheritdoc/>
    public async Task OnConnectionAsync(ConnectionContext context, ConnectionDelegate next)
    {
        if (!await FrameStream.TakeMarkAsync(context.Transport.Input, NodeStream.Mark).ConfigureAwait(false))
        {
            await next(context).ConfigureAwait(false);
            return;
        }

        try
        {
            await TakeAllAsync(context.Transport.Input).ConfigureAwait(false);
        }
        catch (InvalidDataException e)
        {
            LogNoFrames(context.RemoteEndPoint, e.Message);
        }
        catch (Exception e) when (e is IOException or ConnectionResetException or ConnectionAbortedException)
        {
            // The other end is gone, or connects anew; Raft sends again what did not arrive.
            return;
        }
    }

    private async Task TakeAllAsync(PipeReader input)
    {
        while (true)
        {
            ReadResult read = await input.ReadAsync().ConfigureAwait(false);
            ReadOnlySequence<byte> buffer = read.Buffer;
            while (FrameStream.TryTake(ref buffer, NodeStream.LongestFrame, out byte[] frame))
            {
                Take(frame);
            }

            input.AdvanceTo(buffer.Start, buffer.End);
            if (read.IsCompleted || read.IsCanceled)
            {
                return;
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A connection from {Remote} was ended: {Problem}. Whoever connects there is no node of this version, or the memory or the network of one is damaged")]
    private partial void LogNoFrames(System.Net.EndPoint? remote, string problem);
}
