using Lattice.Core.Consensus;
using Lattice.Core.Replication;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Lattice.Grains.Operations;

/// <summary>Says so when a node runs that was removed from the cluster: it takes no part, and nothing else would tell why.</summary>
internal sealed partial class RemovalWatch(NodeInfo node, ReplicaHost host, TimeProvider time, ILogger<RemovalWatch> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        bool wasRemoved = false;
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
            {
                bool isRemoved = host.Status().Replicas.Any(r => r is { Group: 0, Role: RaftRole.Removed });
                if (isRemoved && !wasRemoved)
                {
                    LogRemoved(node.Node);
                }

                wasRemoved = isRemoved;
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The node stops.
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Node {Node} was removed from the cluster: it takes no part, whatever the configuration files say. Stop it and take it out of them, or take it back with 'lattice admin add-node {Node} ADDRESS'")]
    private partial void LogRemoved(int node);
}
