using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Lattice.Grains.Operations;

/// <summary>
/// Brings what operators did on this node into the cluster's audit, in order. What they did does not wait for it, and an event that cannot be brought there within a minute is in
/// this node's log.
/// </summary>
public sealed partial class AuditTrail(IGrainFactory grains, TimeProvider time, ILogger<AuditTrail> logger) : BackgroundService
{
    private const int MostWaiting = 256;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly Channel<Noted> waiting = Channel.CreateBounded<Noted>(MostWaiting);

    private sealed record Noted(AuditEvent Event, TaskCompletionSource<bool> Done);

    /// <summary>Has an event noted.</summary>
    /// <returns>Whether it came there; need not be waited for.</returns>
    public Task<bool> NoteAsync(AuditEvent told)
    {
        var noted = new Noted(told, new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously));
        if (!waiting.Writer.TryWrite(noted))
        {
            GiveUp(noted, "too many wait to be noted");
        }

        return noted.Done.Task;
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await foreach (Noted noted in waiting.Reader.ReadAllAsync(stoppingToken).ConfigureAwait(false))
            {
                await BringAsync(noted, stoppingToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            while (waiting.Reader.TryRead(out Noted? left))
            {
                GiveUp(left, "the node stops");
            }
        }
    }

    private async Task BringAsync(Noted noted, CancellationToken stopping)
    {
        for (long began = time.GetTimestamp(); ;)
        {
            try
            {
                await grains.GetGrain<IAuditGrain>(0).Note(noted.Event).AsTask().WaitAsync(stopping).ConfigureAwait(false);
                noted.Done.SetResult(true);
                return;
            }
            catch (Exception e) when (e is OrleansException or TimeoutException or OperationCanceledException)
            {
                if (stopping.IsCancellationRequested || time.GetElapsedTime(began) > Patience)
                {
                    GiveUp(noted, e.Message);
                    return;
                }
            }

            await Task.Delay(Pause, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void GiveUp(Noted noted, string reason)
    {
        LogNotNoted(noted.Event.What, noted.Event.Who, noted.Event.Event, reason);
        noted.Done.SetResult(false);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "'{What}' of {Who} ({Event}) could not be noted in the cluster's audit: {Reason}")]
    private partial void LogNotNoted(string what, string who, string @event, string reason);
}
