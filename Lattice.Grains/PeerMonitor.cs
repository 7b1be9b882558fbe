using System.Diagnostics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Lattice.Grains;

/// <summary>Measures the round trip to every other node once a second, and notices when this process was not running meanwhile.</summary>
public sealed partial class PeerMonitor(NodeInfo node, MemberDirectory members, PeerDirectory peers, PeerLinks links, TimeProvider time, ILogger<PeerMonitor> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            long last = time.GetTimestamp();
            while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
            {
                TimeSpan late = time.GetElapsedTime(last) - Interval;
                if (late > Pause)
                {
                    LogPaused(late.TotalSeconds);
                }

                await Task.WhenAll(members.Members().Where(id => id != node.Node).Select(MeasureAsync)).ConfigureAwait(false);
                last = time.GetTimestamp();
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

    [LoggerMessage(Level = LogLevel.Warning, Message = "This process did not run for {Seconds:0.0} s: it was stopped, swapped out or short of processors. The groups that it led have other leaders")]
    private partial void LogPaused(double seconds);
}
