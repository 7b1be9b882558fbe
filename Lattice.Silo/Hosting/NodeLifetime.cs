using System.Globalization;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Systemd;

namespace Lattice.Silo.Hosting;

/// <summary>
/// Tells systemd when the node is up, that its process still moves, and when it stops, and leaves the signals to whoever runs the node: the usual lifetimes break a
/// start off on SIGTERM, and a silo that is broken off cannot be stopped in order.
/// </summary>
internal sealed class NodeLifetime(IHostApplicationLifetime lifetime, ISystemdNotifier systemd, TimeProvider time) : IHostLifetime, IDisposable
{
    /// <summary>Set by systemd: how long it waits for a sign of life, in microseconds.</summary>
    private const string WatchdogVariable = "WATCHDOG_USEC";

    private static readonly ServiceState Alive = new("WATCHDOG=1");

    private ITimer? watchdog;

    public Task WaitForStartAsync(CancellationToken cancellationToken)
    {
        if (systemd.IsEnabled)
        {
            lifetime.ApplicationStarted.Register(Started);
            lifetime.ApplicationStopping.Register(() => systemd.Notify(ServiceState.Stopping));
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => watchdog?.Dispose();

    private void Started()
    {
        systemd.Notify(ServiceState.Ready);
        if (long.TryParse(Environment.GetEnvironmentVariable(WatchdogVariable), NumberStyles.None, CultureInfo.InvariantCulture, out long patience) && patience > 0)
        {
            // Several in the time that systemd waits, so that one that is late does no harm. The process is what is watched, not a group: one that is busy for long,
            // with a large snapshot for instance, would only have to begin again.
            watchdog = time.CreateTimer(_ => systemd.Notify(Alive), null, TimeSpan.Zero, TimeSpan.FromMicroseconds(patience) / 4);
        }
    }
}
