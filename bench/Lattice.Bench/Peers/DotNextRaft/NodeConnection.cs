using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace Lattice.Bench.Peers.DotNextRaft;

/// <summary>A client's connection to one node; many requests are under way on it at a time.</summary>
internal sealed class NodeConnection : IAsyncDisposable
{
    private readonly FrameConnection frames;
    private readonly ConcurrentDictionary<int, TaskCompletionSource<Frame>> waiting = new();
    private readonly Task receiving;
    private int lastId;
    private volatile bool broken;

    private NodeConnection(Socket socket)
    {
        frames = new FrameConnection(socket);
        receiving = Task.Run(ReceiveAllAsync);
    }

    /// <summary>Whether it is of no use any more.</summary>
    public bool Broken => broken;

    /// <summary>Connects to a node.</summary>
    public static async Task<NodeConnection> ConnectAsync(IPEndPoint address, CancellationToken cancellation)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(address, cancellation).ConfigureAwait(false);
            return new NodeConnection(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Asks the node.</summary>
    /// <exception cref="IOException">The connection broke; whether the request had an effect is not known.</exception>
    public async Task<Frame> CallAsync(FrameKind kind, ReadOnlyMemory<byte> body, CancellationToken cancellation)
    {
        int id = Interlocked.Increment(ref lastId);
        var answered = new TaskCompletionSource<Frame>(TaskCreationOptions.RunContinuationsAsynchronously);
        waiting[id] = answered;
        try
        {
            if (broken)
            {
                throw Ended();
            }

            await frames.SendAsync(new Frame(id, kind, body), cancellation).ConfigureAwait(false);
            return await answered.Task.WaitAsync(cancellation).ConfigureAwait(false);
        }
        catch (ChannelClosedException e)
        {
            throw Ended(e);
        }
        finally
        {
            waiting.TryRemove(id, out _);
        }
    }

    /// <summary>What the node says of itself.</summary>
    public async Task<NodeStatus> StatusAsync(CancellationToken cancellation) => NodeStatus.Parse((await CallAsync(FrameKind.Status, default, cancellation).ConfigureAwait(false)).Body.Span);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await frames.DisposeAsync().ConfigureAwait(false);
        await receiving.ConfigureAwait(false);
    }

    private static IOException Ended(Exception? inner = null) => new("The connection to the node has ended.", inner);

    private async Task ReceiveAllAsync()
    {
        Exception? reason = null;
        try
        {
            await foreach (Frame answer in frames.ReceiveAsync(CancellationToken.None).ConfigureAwait(false))
            {
                if (waiting.TryRemove(answer.Id, out TaskCompletionSource<Frame>? caller))
                {
                    caller.TrySetResult(answer);
                }
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            reason = e;
        }

        // In this order: whoever does not see that it is broken has entered before, and is told.
        broken = true;
        foreach (TaskCompletionSource<Frame> caller in waiting.Values)
        {
            caller.TrySetException(Ended(reason));
        }
    }
}
