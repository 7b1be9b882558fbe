using Lattice.Core.Replication;
using Microsoft.Extensions.Hosting;

namespace Lattice.Grains.Verification;

/// <summary>Has the verifiers look, every few seconds: those of the groups that this node leads, and of groups that nobody leads. Hears what they found.</summary>
internal sealed class VerifierKeeper(IGrainFactory grains, NodeInfo node, ReplicaHost host, VerifierReports reports, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    // By group: one that does not answer must not keep the others from being asked.
    private readonly Dictionary<uint, Task> asking = [];

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
            {
                AskAll();
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The node stops.
        }
    }

    private void AskAll()
    {
        foreach (ReplicaStatus replica in host.Status().Replicas)
        {
            if (replica.Leader != 0 && replica.Leader != node.Node)
            {
                reports.Forget(replica.Group);
            }
            else if (!asking.TryGetValue(replica.Group, out Task? before) || before.IsCompleted)
            {
                asking[replica.Group] = AskAsync(replica.Group);
            }
        }
    }

    private async Task AskAsync(uint group)
    {
        try
        {
            reports.Heard(await grains.GetGrain<IVerifierGrain>(group).Look().ConfigureAwait(false));
        }
        catch (Exception e) when (e is OrleansException or TimeoutException)
        {
            // The node where it lived is being given up. Asked again in a moment; how old its last report is shows in the status.
            return;
        }
    }
}
