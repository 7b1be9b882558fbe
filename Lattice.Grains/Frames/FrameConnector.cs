using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Lattice.Grains.Streams;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Networking.Shared;

namespace Lattice.Grains.Frames;

/// <summary>
/// Makes connections for frames to the port on which the peer's silo listens, with all that connections between silos go through here and there: encryption, the cluster's secret, the
/// watch for peers that are gone.
/// </summary>
public sealed partial class FrameConnector
{
    // What is sent and not confirmed by the peer's system for so long ends the connection: after a cut of the network another one works at once, this one after its next repetition.
    private const int UnconfirmedMs = 2000;
    private const int TcpUserTimeout = 18;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly Lazy<ConnectionDelegate> pipeline;
    private readonly bool noDelay;
    private readonly ILogger logger;

    /// <summary>Connections as the silo's own are made.</summary>
    public FrameConnector(IServiceProvider services, IOptions<SiloConnectionOptions> options, IOptions<SocketConnectionOptions> sockets, ILogger<FrameConnector> logger)
    {
        // When it is needed: the watch for peers, which is part of it, needs to know where they are, and who knows that makes these connections.
        pipeline = new Lazy<ConnectionDelegate>(() =>
        {
            var builder = new ConnectionBuilder(services);
            ((SiloConnectionOptions.ISiloConnectionBuilderOptions)options.Value).ConfigureSiloOutboundBuilder(builder);
            return builder.Run(HoldAsync).Build();
        });
        noDelay = sockets.Value.NoDelay;
        this.logger = logger;
    }

    /// <summary>A connection to the peer's silo; null: none could be made.</summary>
    internal async Task<FrameConnection?> ConnectAsync(IPEndPoint peer)
    {
        var socket = new Socket(peer.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = noDelay };
        try
        {
            if (OperatingSystem.IsLinux())
            {
                socket.SetRawSocketOption((int)ProtocolType.Tcp, TcpUserTimeout, BitConverter.GetBytes(UnconfirmedMs));
            }

            using var patience = new CancellationTokenSource(Patience);
            await socket.ConnectAsync(peer, patience.Token).ConfigureAwait(false);
            var opened = new TaskCompletionSource<FrameConnection>(TaskCreationOptions.RunContinuationsAsynchronously);
            _ = RunAsync(socket, peer, opened);
            return await opened.Task.WaitAsync(patience.Token).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // Whatever it is: frames have another way meanwhile, and the next attempt comes.
            LogNotConnected(peer, e.Message);
            socket.Dispose();
            return null;
        }
    }

    /// <summary>What goes on over a connection that went through everything before it: frames out, nothing in. Ends with the connection.</summary>
    private static async Task HoldAsync(ConnectionContext context)
    {
        Opening opening = context.Features.Get<Opening>()!;
        PipeWriter output = context.Transport.Output;
        output.Write(NodeStream.Mark.Span);
        await output.FlushAsync().ConfigureAwait(false);
        var connection = new FrameConnection(opening.Socket, output);
        opening.Opened.TrySetResult(connection);
        try
        {
            // The peer says nothing; that it ends the connection is the end of this read.
            await context.Transport.Input.ReadAsync().ConfigureAwait(false);
        }
        finally
        {
            connection.Abort();
        }
    }

    private async Task RunAsync(Socket socket, IPEndPoint peer, TaskCompletionSource<FrameConnection> opened)
    {
        try
        {
            await OutgoingConnection.RunAsync(socket, peer, context =>
            {
                context.Features.Set(new Opening(socket, opened));
                return pipeline.Value(context);
            }).ConfigureAwait(false);
            opened.TrySetException(new IOException("It was not let in."));
        }
        catch (Exception e)
        {
            // Whoever waits for the connection is told; one that was in use is not any more.
            opened.TrySetException(new IOException(e.Message, e));
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "No connection for frames to {Peer}: {Problem}. They go as calls until there is one")]
    private partial void LogNotConnected(IPEndPoint peer, string problem);

    private sealed record Opening(Socket Socket, TaskCompletionSource<FrameConnection> Opened);
}
