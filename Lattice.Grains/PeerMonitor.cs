using System.Diagnostics;
using Microsoft.Extensions.Hosting;

namespace Lattice.Grains;

/// <summary>Measures the round trip to every other node once a second.</summary>
public sealed class PeerMonitor(NodeInfo node, PeerDirectory peers, PeerLinks links, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
            {
                await Task.WhenAll(node.Addresses.Keys.Where(id => id != node.Node).Select(MeasureAsync)).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The node stops.
        }
    }

    private async Task MeasureAsync(int peer)
    {
        PeerLinks.Link link = links.Of(peer);
        if (peers.Find(peer) is not { } service)
        {
            link.Silent();
            return;
        }

        long began = Stopwatch.GetTimestamp();
        try
        {
            await service.Ping().AsTask().WaitAsync(Interval, time).ConfigureAwait(false);
            link.Answered(Stopwatch.GetElapsedTime(began));
        }
        catch (Exception e) when (e is OrleansException or TimeoutException)
        {
            link.Silent();
            link.SendFailed();
        }
    }
}
