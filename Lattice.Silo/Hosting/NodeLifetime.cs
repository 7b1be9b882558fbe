using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Systemd;

namespace Lattice.Silo.Hosting;

/// <summary>
/// Tells systemd when the node is up and when it stops, and leaves the signals to whoever runs the node: the usual lifetimes break a
/// start off on SIGTERM, and a silo that is broken off cannot be stopped in order.
/// </summary>
internal sealed class NodeLifetime(IHostApplicationLifetime lifetime, ISystemdNotifier? systemd = null) : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken)
    {
        if (systemd is { IsEnabled: true })
        {
            lifetime.ApplicationStarted.Register(() => systemd.Notify(ServiceState.Ready));
            lifetime.ApplicationStopping.Register(() => systemd.Notify(ServiceState.Stopping));
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
