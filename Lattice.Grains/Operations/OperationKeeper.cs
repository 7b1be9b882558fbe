using Microsoft.Extensions.Hosting;

namespace Lattice.Grains.Operations;

/// <summary>Sees to it that operations go on whose node was lost, though nobody asks how they stand.</summary>
internal sealed class OperationKeeper(IGrainFactory grains, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
            {
                await AskAsync().ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The node stops.
        }
    }

    private async Task AskAsync()
    {
        try
        {
            await grains.GetGrain<IAdminGrain>(0).Resume().ConfigureAwait(false);
        }
        catch (Exception e) when (e is OrleansException or TimeoutException)
        {
            // The node where it lived is being given up. Asked again in a moment.
            return;
        }
    }
}
