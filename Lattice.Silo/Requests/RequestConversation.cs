using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Lattice.Grains;
using Lattice.Grains.Access;
using Lattice.Grains.Streams;
using Lattice.Silo.Security;
using Microsoft.AspNetCore.Connections;

namespace Lattice.Silo.Requests;

/// <summary>One connection of a client for requests, from its greeting on. Every request is asked for its token's role anew, so that a token that is revoked lets nothing more in.</summary>
/// <param name="context">The connection.</param>
/// <param name="router">Serves the requests.</param>
/// <param name="desk">Decides who is let in; null: everybody is.</param>
/// <param name="failed">Told what should not happen.</param>
internal sealed class RequestConversation(ConnectionContext context, ShardRouter router, AccessDesk? desk, Action<Exception> failed)
{
    // A client has few requests under way for each group; more than so many wait in the network.
    private const int MostUnderWay = 1024;

    private static readonly TimeSpan PatienceForGreeting = TimeSpan.FromSeconds(5);

    private readonly PipeReader input = context.Transport.Input;
    private readonly FrameOutbox outbox = new(context.Transport.Output);
    private TaskCompletionSource? room;
    private int underWay;
    private string? token;

    /// <summary>Answers what comes until the connection ends.</summary>
    /// <exception cref="InvalidDataException">Something came that is no request.</exception>
    public async Task RunAsync()
    {
        try
        {
            if (await IsGreetedAsync().ConfigureAwait(false))
            {
                await ServeAllAsync().ConfigureAwait(false);
            }
        }
        finally
        {
            outbox.End();
        }
    }

    private async Task<bool> IsGreetedAsync()
    {
        using var patience = new CancellationTokenSource(PatienceForGreeting);
        while (true)
        {
            ReadResult read = await input.ReadAsync(patience.Token).ConfigureAwait(false);
            ReadOnlySequence<byte> buffer = read.Buffer;
            bool isWhole = FrameStream.TryTake(ref buffer, RequestStream.LongestGreeting, out byte[] frame);
            input.AdvanceTo(buffer.Start, isWhole ? buffer.Start : buffer.End);
            if (isWhole)
            {
                return IsLetIn(RequestFrame.Read(frame));
            }

            if (read.IsCompleted || read.IsCanceled)
            {
                return false;
            }
        }
    }

    private bool IsLetIn(RequestFrame greeting)
    {
        if (greeting.Kind != RequestKind.Greeting)
        {
            throw new InvalidDataException("it does not begin with a greeting");
        }

        token = greeting.Payload.IsEmpty ? null : Encoding.UTF8.GetString(greeting.Payload.Span);
        AccessRefusedException? refused = RefusalOf(LatticeRole.Read, "Greeting");
        outbox.Send(refused is null ? new ReplyFrame(greeting.Id, new ShardReply { Status = ShardStatus.Ok }) : Refused(greeting, refused));
        return refused is null;
    }

    private async Task ServeAllAsync()
    {
        while (true)
        {
            ReadResult read = await input.ReadAsync().ConfigureAwait(false);
            ReadOnlySequence<byte> buffer = read.Buffer;
            while (FrameStream.TryTake(ref buffer, RequestStream.LongestRequest, out byte[] frame))
            {
                RequestFrame request = RequestFrame.Read(frame);
                if (request.Kind == RequestKind.Greeting)
                {
                    throw new InvalidDataException("it has been greeted already");
                }

                await RoomAsync().ConfigureAwait(false);
                Interlocked.Increment(ref underWay);
                _ = AnswerAsync(request);
            }

            input.AdvanceTo(buffer.Start, buffer.End);
            if (read.IsCompleted || read.IsCanceled)
            {
                return;
            }

            await outbox.RoomAsync().ConfigureAwait(false);
        }
    }

    private async Task AnswerAsync(RequestFrame request)
    {
        try
        {
            outbox.Send(await ServeAsync(request).ConfigureAwait(false));
        }
        catch (Exception e)
        {
            // Nothing that is expected, and of one request only.
            failed(e);
            outbox.Send(new ReplyFrame(request.Id, new ShardReply { Status = ShardStatus.OutcomeUnknown, Message = $"The node failed at the request ({e.Message.ReplaceLineEndings(" ")})." }));
        }
        finally
        {
            if (Interlocked.Decrement(ref underWay) == MostUnderWay - 1)
            {
                Volatile.Read(ref room)?.TrySetResult();
            }
        }
    }

    /// <summary>Waits while as many are under way as may be. Only who reads adds to them, so that the first that ends makes room.</summary>
    private ValueTask RoomAsync()
    {
        if (Volatile.Read(ref underWay) < MostUnderWay)
        {
            return ValueTask.CompletedTask;
        }

        var made = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Interlocked.Exchange(ref room, made);
        return Volatile.Read(ref underWay) < MostUnderWay ? ValueTask.CompletedTask : new ValueTask(made.Task);
    }

    private async ValueTask<ReplyFrame> ServeAsync(RequestFrame request)
    {
        bool isWrite = request.Kind == RequestKind.Write;
        if (RefusalOf(isWrite ? LatticeRole.Write : LatticeRole.Read, isWrite ? "IShardGrain.Write" : "IShardGrain.Query") is { } refused)
        {
            return Refused(request, refused);
        }

        var asked = new ShardRequest
        {
            Payload = request.Payload,
            Consistency = request.Kind == RequestKind.LocalQuery ? ReadConsistency.Local : ReadConsistency.Linearizable,
            TimeoutMs = request.TimeoutMs,
        };
        return new ReplyFrame(request.Id, isWrite
            ? await router.WriteAsync(request.Group, asked, request.Caller).ConfigureAwait(false)
            : await router.QueryAsync(request.Group, asked, request.Caller).ConfigureAwait(false));
    }

    private AccessRefusedException? RefusalOf(LatticeRole required, string what)
    {
        TokenRecord? bearer = null;
        return desk?.Look(token, required, out bearer) is { } why ? desk.Refuse(why, what, context.RemoteEndPoint?.ToString() ?? "an unknown place", bearer, required) : null;
    }

    private static ReplyFrame Refused(RequestFrame request, AccessRefusedException refusal) =>
        new(request.Id, new ShardReply { Status = ShardStatus.Unavailable, Message = refusal.Message }, refusal.Refusal);
}
