using Lattice.Core.Disk;
using Lattice.Core.Log;
using Lattice.Core.Replication;
using Lattice.Core.State;
using Lattice.Silo.Configuration;
using Lattice.Silo.Hosting;
using Lattice.Silo.Membership;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Systemd;
using Microsoft.Extensions.Logging;
using Microsoft.AspNetCore.Hosting;

namespace Lattice.Silo;

/// <summary>A node as a process: runs until it is asked to stop.</summary>
public static class LatticeServer
{
    /// <summary>Exit code of a node that was asked to stop.</summary>
    public const int Stopped = 0;

    /// <summary>Exit code of a node that could not start.</summary>
    public const int CannotStart = 1;

    /// <summary>Exit code of a node that had to stop by itself: a failed disk, a broken invariant, a damaged file.</summary>
    public const int Failed = 70;

    // SIGTERM to exit: within five seconds, also when a peer does not answer.
    private static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(4);

    /// <summary>Runs the node until SIGTERM, SIGINT, a stop from another node, or a failure.</summary>
    /// <param name="settings">The node.</param>
    /// <param name="errors">Where it is said why the node cannot start.</param>
    /// <param name="cancellation">Asks the node to stop.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(NodeSettings settings, TextWriter errors, CancellationToken cancellation)
    {
        try
        {
            PortCheck.Run(settings);
            await MembershipDatabase.PrepareAsync(settings, cancellation).ConfigureAwait(false);
            WebApplication app = Build(settings);
            await using (app.ConfigureAwait(false))
            {
                return await RunAsync(app, cancellation).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (IsRefusal(e))
        {
            await errors.WriteLineAsync($"lattice: {e.Message}").ConfigureAwait(false);
            return CannotStart;
        }
    }

    private static async Task<int> RunAsync(WebApplication app, CancellationToken cancellation)
    {
        await app.StartAsync(cancellation).ConfigureAwait(false);
        await app.WaitForShutdownAsync(cancellation).ConfigureAwait(false);
        return app.Services.GetRequiredService<FatalReason>().Reason is null ? Stopped : Failed;
    }

    private static WebApplication Build(NodeSettings settings)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Logging.AddConsole(o => o.FormatterName = JournalFormatter.FormatterName);
        builder.Logging.AddConsoleFormatter<JournalFormatter, JournalFormatterOptions>(o => o.ForJournal = SystemdHelpers.IsSystemdService());
        builder.Logging.SetMinimumLevel(LogLevel.Information);
        builder.Logging.AddFilter("Orleans", LogLevel.Warning).AddFilter("Microsoft", LogLevel.Warning).AddFilter("Polly", LogLevel.Warning);

        // Its advice about the garbage collector is for servers that have a machine to themselves; its watchdog counts the first
        // check of a silo as late by the machine's uptime.
        builder.Logging.AddFilter("Orleans.Runtime.Silo", LogLevel.Error).AddFilter("Orleans.Runtime.Watchdog", LogLevel.Error).AddFilter("Lattice.Grains.ReplicaService", LogLevel.Warning);
        builder.Services.AddSystemd();
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = ShutdownTimeout);
        builder.WebHost.UseUrls($"http://{settings.MetricsAddress}");
        builder.Host.UseOrleans(silo => silo.AddLattice(settings));
        WebApplication app = builder.Build();
        try
        {
            // Opened here, so that what is wrong with the data is said before anything listens.
            ReplicaHost host = app.Services.GetRequiredService<ReplicaHost>();
            MapHealth(app, host);
            return app;
        }
        catch
        {
            ((IDisposable)app).Dispose();
            throw;
        }
    }

    private static void MapHealth(WebApplication app, ReplicaHost host)
    {
        app.MapGet("/health/live", () => Results.Text("live"));
        app.MapGet("/health/ready", () => host.LeaderOf(0) != 0
            ? Results.Text("ready")
            : Results.Text("The system group has no leader that this node knows of.", statusCode: StatusCodes.Status503ServiceUnavailable));
    }

    private static bool IsRefusal(Exception e) => e is
        NodeStartException or NodeIdentityException or DataDirectoryInUseException or LogCorruptException or LogVersionException
        or MembershipDatabaseException or StateEngineException or StateFormatException or CatalogFormatException or DiskFullException or DiskFailedException
        or UnauthorizedAccessException;
}
