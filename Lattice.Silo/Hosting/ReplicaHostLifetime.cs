using Lattice.Core.Replication;
using Lattice.Core.Verification;
using Lattice.Grains;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Lattice.Silo.Hosting;

/// <summary>
/// Has Raft run from when the silo's grain services can be reached, which is before the silo is active: nodes that come
/// back together elect leaders while Orleans still looks for the silos of their former lives. Stops Raft first of all, so that leaderships are
/// handed over while everything still works.
/// </summary>
internal sealed class ReplicaHostLifetime(ReplicaHost host, IServiceProvider services, IHostApplicationLifetime lifetime, FatalReason fatal, DivergenceHalt divergences)
    : ILifecycleParticipant<ISiloLifecycle>, IHostedService
{
    public void Participate(ISiloLifecycle observer) =>
        observer.Subscribe(nameof(ReplicaHostLifetime), ServiceLifecycleStage.RuntimeGrainServices + 1, StartReplicas);

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => host.StopAsync(cancellationToken);

    private Task StartReplicas(CancellationToken cancellation)
    {
        services.GetRequiredService<OrleansReplicaTransport>().Connect(services.GetRequiredService<PeerDirectory>(), host.PeerUnreachable);
        host.Undecided += divergence => _ = Task.Run(() => divergences.ExplainUndecidedAsync(divergence));
        host.Start();
        _ = StopWhenFatalAsync();
        return Task.CompletedTask;
    }

    private async Task StopWhenFatalAsync()
    {
        Exception reason = await host.Fatal.ConfigureAwait(false);
        if (reason is StateDivergenceException diverged)
        {
            await divergences.ExplainAsync(diverged.Divergence).ConfigureAwait(false);
        }

        fatal.TrySet(reason);
        lifetime.StopApplication();
    }
}
