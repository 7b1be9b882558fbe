using Lattice.Core.Telemetry;
using Microsoft.Extensions.Hosting;

namespace Lattice.Grains.Load;

/// <summary>Has the node's load remembered, sample by sample.</summary>
internal sealed class LoadSampler(LoadHistory history, TimeProvider time) : BackgroundService
{
    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            // At about the same moments as the other nodes, and far from where a moment would be rounded to another one.
            long step = (long)LoadHistory.Interval.TotalMilliseconds;
            await Task.Delay(TimeSpan.FromMilliseconds(step - (time.GetUtcNow().ToUnixTimeMilliseconds() % step)), time, stoppingToken).ConfigureAwait(false);
            history.Sample();
            using var timer = new PeriodicTimer(LoadHistory.Interval, time);
            while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
            {
                history.Sample();
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The node stops.
        }
    }
}
