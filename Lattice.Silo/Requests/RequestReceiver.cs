using Lattice.Core.Telemetry;
using Lattice.Grains;
using Lattice.Grains.Streams;
using Lattice.Silo.Security;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Orleans.Runtime.Messaging;

namespace Lattice.Silo.Requests;

/// <summary>
/// Takes the requests of clients: of connections to the gateway those that begin as a <see cref="RequestStream"/>. All others are conversations of Orleans.
/// </summary>
internal sealed partial class RequestReceiver : IConnectionMiddleware
{
    private readonly ShardRouter router;
    private readonly AccessLog log;
    private readonly ILogger logger;
    private readonly AccessDesk? desk;
    private int open;

    /// <summary>No connection yet.</summary>
    /// <param name="router">Serves the requests.</param>
    /// <param name="meter">Counts the connections.</param>
    /// <param name="log">Where it is told what came that is no request.</param>
    /// <param name="logger">Where it is told what failed here.</param>
    /// <param name="desk">Decides who is let in; null: everybody is.</param>
    public RequestReceiver(ShardRouter router, LatticeMeter meter, AccessLog log, ILogger<RequestReceiver> logger, AccessDesk? desk = null)
    {
        (this.router, this.log, this.logger, this.desk) = (router, log, logger, desk);
        meter.CreateObservableGauge("lattice_request_connections", () => Open, "{connection}", "Connections of clients for requests that are open.");
    }

    /// <summary>Connections that are open.</summary>
    public int Open => Volatile.Read(ref open);

    /// <inheritdoc/>
    public async Task OnConnectionAsync(ConnectionContext context, ConnectionDelegate next)
    {
        if (!await FrameStream.TakeMarkAsync(context.Transport.Input, RequestStream.Mark).ConfigureAwait(false))
        {
            await next(context).ConfigureAwait(false);
            return;
        }

        var conversation = new RequestConversation(context, router, desk, LogFailed);
        Interlocked.Increment(ref open);
        try
        {
            await conversation.RunAsync().ConfigureAwait(false);
        }
        catch (InvalidDataException e)
        {
            log.Connection(AccessReason.Protocol, "a connection to the gateway", context.RemoteEndPoint, $"it sent something that is no request: {e.Message}");
        }
        catch (Exception e) when (e is IOException or ConnectionResetException or ConnectionAbortedException or OperationCanceledException or InvalidOperationException)
        {
            // The other end is gone, said nothing, or this node stops and has closed the connection below. Who waits there for something sees the end, too.
            return;
        }
        finally
        {
            Interlocked.Decrement(ref open);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A request of a client failed. The client is told that its outcome is unknown, and tries again")]
    private partial void LogFailed(Exception failure);
}
