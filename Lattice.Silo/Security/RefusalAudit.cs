using System.Threading.Channels;
using Lattice.Grains;
using Microsoft.Extensions.Hosting;

namespace Lattice.Silo.Security;

/// <summary>
/// Puts into the cluster's audit who was not let in to what only operators may do. The same bearer's same wish is noted once a minute, and when many wait the rest is left to
/// the log and the metric, so that nobody can push out of the audit what was done.
/// </summary>
internal sealed class RefusalAudit(IGrainFactory grains, TimeProvider time) : BackgroundService
{
    private const int MostWaiting = 16;
    private const int MostRemembered = 256;

    private static readonly TimeSpan Silence = TimeSpan.FromMinutes(1);

    private readonly Channel<(string Who, string What, string Why)> waiting = Channel.CreateBounded<(string, string, string)>(new BoundedChannelOptions(MostWaiting) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Notes one. Any thread; waits for nothing.</summary>
    public void Note(string who, string what, string why) => waiting.Writer.TryWrite((who, what, why));

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var noted = new Dictionary<(string, string), long>();
        try
        {
            await foreach ((string who, string what, string why) in waiting.Reader.ReadAllAsync(stoppingToken).ConfigureAwait(false))
            {
                if (noted.TryGetValue((who, what), out long last) && time.GetElapsedTime(last) < Silence)
                {
                    continue;
                }

                if (noted.Count >= MostRemembered)
                {
                    noted.Clear();
                }

                noted[(who, what)] = time.GetTimestamp();
                await TellAsync(who, what, why).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The node stops.
        }
    }

    private async Task TellAsync(string who, string what, string why)
    {
        try
        {
            await grains.GetGrain<IAdminGrain>(0).NoteDenied(who, what, why).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OrleansException or TimeoutException)
        {
            // The node where the audit lives is being given up. The log has it.
            return;
        }
    }
}
