namespace Lattice.Grains.Frames;

/// <summary>The way to one life of a peer's process: a connection for frames, and calls of Orleans while there is none.</summary>
internal sealed class FrameRoute(FrameConnector connector, SiloAddress silo, IReplicaService service) : IPeerRoute, IDisposable
{
    // How soon another attempt follows one that failed; each time after twice as long.
    private const long FirstPauseMs = 100;
    private const long LongestPauseMs = 2000;

    private volatile FrameConnection? connection;
    private Task connecting = Task.CompletedTask;
    private long pause = FirstPauseMs;
    private long nextAttempt;
    private volatile bool disposed;

    /// <inheritdoc/>
    public ValueTask SendAsync(ReadOnlyMemory<byte> frame) => Connected() is { } open ? open.SendAsync(frame) : service.Deliver(frame);

    /// <inheritdoc/>
    public Task SendAnsweredAsync(ReadOnlyMemory<byte> frame) => Connected() is { } open ? open.SendAsync(frame).AsTask() : service.DeliverAnswered(frame).AsTask();

    /// <summary>That process is gone, or gets nothing more from this node.</summary>
    public void Dispose()
    {
        disposed = true;
        connection?.Abort();
    }

    /// <summary>The connection; null: there is none yet, or none any more, and another one is being made. One thread at a time.</summary>
    private FrameConnection? Connected()
    {
        if (connection is { IsOpen: true } open)
        {
            return open;
        }

        if (connecting.IsCompleted && Environment.TickCount64 >= nextAttempt && !disposed)
        {
            connecting = Task.Run(ConnectAsync);
        }

        return null;
    }

    private async Task ConnectAsync()
    {
        FrameConnection? made = await connector.ConnectAsync(silo.Endpoint).ConfigureAwait(false);
        nextAttempt = Environment.TickCount64 + pause;
        pause = made is null ? Math.Min(2 * pause, LongestPauseMs) : FirstPauseMs;
        connection = made;
        if (disposed)
        {
            made?.Abort();
        }
    }
}
