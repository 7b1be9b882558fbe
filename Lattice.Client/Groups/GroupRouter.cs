using System.Collections.Concurrent;
using Lattice.Client.Gateways;
using Lattice.Grains;
using Polly;
using Polly.Retry;

namespace Lattice.Client.Groups;

/// <summary>
/// Brings a call to a group through whichever gateway works. An attempt that is not answered in time is given up and made again through another
/// one; for writes that is safe because their session remembers what was done.
/// </summary>
internal sealed class GroupRouter
{
    // The shard answers before the attempt is given up here, so that a group without a leader is told from a node that hangs.
    private const double ShardShareOfAttempt = 0.8;

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(250);

    private readonly Func<int, IGateway?, IGateway?> choose;
    private readonly LatticeClientOptions options;
    private readonly ResiliencePipeline<ShardReply> retries;
    private readonly ConcurrentDictionary<uint, int> leaders = new();

    public GroupRouter(Func<int, IGateway?, IGateway?> choose, LatticeClientOptions options)
    {
        this.choose = choose;
        this.options = options;
        retries = new ResiliencePipelineBuilder<ShardReply>()
            .AddRetry(new RetryStrategyOptions<ShardReply>
            {
                // Bounded by the deadline of the request, which cancels the pipeline.
                MaxRetryAttempts = int.MaxValue,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = FirstPause,
                MaxDelay = LongestPause,
                ShouldHandle = arguments => new ValueTask<bool>(arguments.Outcome.Result is { } reply && IsRetryable(reply.Status)),
            })
            .Build();
    }

    /// <summary>Makes a call until it is answered for good.</summary>
    /// <param name="group">The group.</param>
    /// <param name="payload">The encoded batch.</param>
    /// <param name="consistency">For queries: how recent; null for writes.</param>
    /// <param name="within">Longest time for it.</param>
    /// <param name="cancellation">Gives the call up.</param>
    /// <exception cref="LatticeException">It was not answered in time, or refused.</exception>
    public async Task<ReadOnlyMemory<byte>> CallAsync(uint group, ReadOnlyMemory<byte> payload, ReadConsistency? consistency, TimeSpan within, CancellationToken cancellation)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        deadline.CancelAfter(within > TimeSpan.Zero ? within : TimeSpan.Zero);
        var request = new ShardRequest
        {
            Payload = payload,
            Consistency = consistency ?? ReadConsistency.Linearizable,
            TimeoutMs = (int)(ShardShareOfAttempt * options.AttemptTimeout.TotalMilliseconds),
        };
        var attempt = new Attempt();
        try
        {
            ShardReply reply = await retries.ExecuteAsync(
                async token => attempt.Last = await TryAsync(group, request, consistency is null, attempt, token).ConfigureAwait(false),
                deadline.Token).ConfigureAwait(false);
            return reply.Status == ShardStatus.Ok ? reply.Payload : throw Failure(attempt, null);
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw Failure(attempt, e);
        }
    }

    private static bool IsRetryable(ShardStatus status) => status is
        ShardStatus.Unavailable or ShardStatus.Overloaded or ShardStatus.OutcomeUnknown or ShardStatus.ShuttingDown or ShardStatus.NoSuchGroup;

    private async Task<ShardReply> TryAsync(uint group, ShardRequest request, bool write, Attempt attempt, CancellationToken cancellation)
    {
        if (choose(leaders.GetValueOrDefault(group), attempt.FailedGateway) is not { } gateway)
        {
            return new ShardReply { Status = ShardStatus.Unavailable, Message = $"None of the gateways can be reached ({string.Join(", ", options.Gateways)}). Check that the nodes run and that the addresses are right." };
        }

        // Until it is answered that nothing was done, something may have been.
        bool earlier = attempt.MayBeDone;
        attempt.MayBeDone = write;
        Task<ShardReply>? call = null;
        try
        {
            call = write ? gateway.WriteAsync(group, request) : gateway.QueryAsync(group, request);
            ShardReply reply = await call.WaitAsync(options.AttemptTimeout, cancellation).ConfigureAwait(false);
            gateway.Answered();
            attempt.MayBeDone = earlier || reply.Status == ShardStatus.OutcomeUnknown;
            attempt.FailedGateway = null;
            if (reply.Status == ShardStatus.ShuttingDown)
            {
                gateway.Stops();
                attempt.FailedGateway = gateway;
            }

            if (reply.Leader != 0)
            {
                leaders[group] = reply.Leader;
            }

            return reply;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            Observe(call);
            throw;
        }
        catch (LatticeAccessException)
        {
            gateway.Answered();
            throw;
        }
        catch (Exception e)
        {
            // Not answered in time, or failed by Orleans: whether it was done is not known.
            Observe(call);
            gateway.Failed();
            attempt.FailedGateway = gateway;
            leaders.TryRemove(group, out _);
            return new ShardReply { Status = ShardStatus.OutcomeUnknown, Message = $"Node {gateway.Node} did not answer ({e.Message.ReplaceLineEndings(" ")})." };
        }
    }

    /// <summary>A call that was given up may fail later, when nobody listens any more.</summary>
    private static void Observe(Task? call) => _ = call?.ContinueWith(static t => _ = t.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);

    private LatticeException Failure(Attempt attempt, Exception? inner)
    {
        ShardReply? last = attempt.Last;
        string within = inner is null ? "" : $" Given up after {options.RequestTimeout.TotalSeconds:0.#} s.";
        string message = (last?.Message is { Length: > 0 } said ? said : "The request was not answered.") + within;
        if (attempt.MayBeDone)
        {
            // What the last attempt was told is not all: an earlier one may have been done.
            return new LatticeTimeoutException($"{message} The write may have been done, or may yet be: read it back before it is made again.", inner);
        }

        return last?.Status switch
        {
            ShardStatus.Overloaded => new LatticeOverloadedException(message),
            ShardStatus.DiskFull => new LatticeDiskFullException(message),
            ShardStatus.Malformed => new LatticeRequestException(Grains.Requests.RefusalReason.Malformed, message),
            ShardStatus.Unavailable or ShardStatus.NoSuchGroup or ShardStatus.ShuttingDown => new LatticeUnavailableException(message, inner),
            _ => new LatticeTimeoutException(message, inner),
        };
    }

    private sealed class Attempt
    {
        public IGateway? FailedGateway { get; set; }

        public ShardReply? Last { get; set; }

        /// <summary>Whether it is a write, an attempt of which may have been done.</summary>
        public bool MayBeDone { get; set; }
    }
}
