using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Lattice.Grains;
using Lattice.Grains.Access;
using Lattice.Grains.Streams;
using Microsoft.AspNetCore.Connections;

namespace Lattice.Client.Gateways;

/// <summary>
/// A connection to a gateway for the requests of groups, beside that of Orleans: a call of Orleans passes several threads more at either end. What comes over it is
/// continued on the thread that reads it, so nobody's own code may run there.
/// </summary>
internal sealed class RequestConnection(Socket socket) : IDisposable
{
    private readonly ConcurrentDictionary<ulong, TaskCompletionSource<ShardReply>> waiting = [];
    private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private FrameOutbox? outbox;
    private ulong lastId;
    private volatile bool isOver;

    /// <summary>Completes when the connection is over.</summary>
    public Task Ended => ended.Task;

    /// <summary>Makes one.</summary>
    /// <param name="gateway">The gateway.</param>
    /// <param name="token">The token to show; null: none.</param>
    /// <param name="tls">How the connection is encrypted; null: it is not.</param>
    /// <param name="patience">Ends the wait.</param>
    /// <returns>The connection; null: the node takes none, being of an older version.</returns>
    /// <exception cref="LatticeAccessException">The node does not let this client in.</exception>
    public static async Task<RequestConnection?> OpenAsync(IPEndPoint gateway, string? token, TlsHandshake? tls, CancellationToken patience)
    {
        var socket = new Socket(gateway.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        var connection = new RequestConnection(socket);
        try
        {
            await socket.ConnectAsync(gateway, patience).ConfigureAwait(false);
            Task<ShardReply> greeting = connection.Expect(0);
            _ = connection.RunAsync(gateway, token, tls);
            ShardReply answer = await greeting.WaitAsync(patience).ConfigureAwait(false);
            if (answer.Status == ShardStatus.Ok)
            {
                return connection;
            }
        }
        catch (Exception e) when (e is LatticeUnavailableException or SocketException)
        {
            // It ended the connection: it is gone, which the one of Orleans tells, too, or does not know what this is.
        }
        catch
        {
            connection.Dispose();
            throw;
        }

        connection.Dispose();
        return null;
    }

    /// <summary>Asks a group for something.</summary>
    /// <exception cref="LatticeUnavailableException">The connection is over; whether anything was done is not known.</exception>
    /// <exception cref="LatticeAccessException">The node does not let this client in to that.</exception>
    public Task<ShardReply> CallAsync(RequestKind kind, uint group, ShardRequest request)
    {
        var frame = new RequestFrame(Interlocked.Increment(ref lastId), kind, group, request.TimeoutMs, Activity.Current?.Context ?? default, request.Payload);
        if (frame.Length > RequestStream.LongestRequest)
        {
            return Task.FromResult(new ShardReply { Status = ShardStatus.Malformed, Message = $"The request has {frame.Length} bytes, and no node takes more than {RequestStream.LongestRequest}; nothing was done. Send fewer or smaller commands in one batch." });
        }

        Task<ShardReply> answer = Expect(frame.Id);
        outbox!.Send(frame);
        return answer;
    }

    /// <summary>Ends it, with whatever is under way.</summary>
    public void Dispose()
    {
        socket.Dispose();
        End(new IOException("It was closed."));
    }

    private Task<ShardReply> Expect(ulong id)
    {
        var done = new TaskCompletionSource<ShardReply>();
        waiting[id] = done;
        if (isOver)
        {
            // Whoever ended it may have looked before this was there.
            End(null);
        }

        return done.Task;
    }

    private async Task RunAsync(IPEndPoint gateway, string? token, TlsHandshake? tls)
    {
        try
        {
            await OutgoingConnection.RunAsync(socket, gateway, context => tls is null
                ? ConverseAsync(context, token)
                : tls.ConnectAsync(context, encrypted => ConverseAsync(encrypted, token), tellsOfSilence: false, static _ => { })).ConfigureAwait(false);
            End(null);
        }
        catch (Exception e)
        {
            // Whoever waits for something is told.
            End(e);
        }
    }

    private async Task ConverseAsync(ConnectionContext context, string? token)
    {
        outbox = new FrameOutbox(context.Transport.Output);
        await context.Transport.Output.WriteAsync(RequestStream.Mark).ConfigureAwait(false);
        outbox.Send(RequestFrame.Greeting(token));
        PipeReader input = context.Transport.Input;
        while (true)
        {
            ReadResult read = await input.ReadAsync().ConfigureAwait(false);
            ReadOnlySequence<byte> buffer = read.Buffer;
            while (FrameStream.TryTake(ref buffer, RequestStream.LongestReply, out byte[] frame))
            {
                Take(ReplyFrame.Read(frame));
            }

            input.AdvanceTo(buffer.Start, buffer.End);
            if (read.IsCompleted || read.IsCanceled)
            {
                return;
            }
        }
    }

    private void Take(ReplyFrame frame)
    {
        if (!waiting.TryRemove(frame.Id, out TaskCompletionSource<ShardReply>? done))
        {
            return;
        }

        if (frame.Refusal is { } refusal)
        {
            done.TrySetException(new LatticeAccessException(refusal, frame.Reply.Message));
        }
        else
        {
            done.TrySetResult(frame.Reply);
        }
    }

    private void End(Exception? why)
    {
        isOver = true;
        outbox?.End();
        foreach ((ulong id, _) in waiting)
        {
            if (waiting.TryRemove(id, out TaskCompletionSource<ShardReply>? done))
            {
                done.TrySetException(new LatticeUnavailableException("The connection to the node ended.", why));
            }
        }

        ended.TrySetResult();
    }
}
