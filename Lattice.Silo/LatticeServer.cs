using System.Data.Common;
using System.Net.Sockets;
using Lattice.Core.Consensus;
using Lattice.Core.Disk;
using Lattice.Core.Replication;
using Lattice.Core.State;
using Lattice.Core.Verification;
using Lattice.Grains;
using Lattice.Silo.Configuration;
using Lattice.Silo.Hosting;
using Lattice.Silo.Membership;
using Lattice.Silo.Page;
using Lattice.Silo.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Systemd;
using Microsoft.Extensions.Logging;

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

    /// <summary>Exit code of a node whose state is not what it has to be. It must not be started again before an operator has looked (systemd: <c>RestartPreventExitStatus</c>).</summary>
    public const int Diverged = 65;

    /// <summary>Exit code of a node that cannot start because its data is damaged or of another version: like <see cref="Diverged"/>, nothing that another start would change.</summary>
    public const int UnusableData = Diverged;

    // SIGTERM to exit: within five seconds, also when a peer does not answer or a disk hangs. What has not stopped by itself after the
    // first is told to hurry, and after the second left behind.
    private static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(3.5);
    private static readonly TimeSpan ShutdownGrace = TimeSpan.FromSeconds(1);

    // A start takes about a second.
    private static readonly TimeSpan PatienceWithStart = TimeSpan.FromSeconds(2);

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
            WebApplication app = await PrepareAsync(settings, cancellation).ConfigureAwait(false);
            int exitCode = await RunAsync(settings, app, errors, cancellation).ConfigureAwait(false);
            if (exitCode == Diverged)
            {
                await HaltedNodeAnalysis.AddAsync(settings, errors, cancellation).ConfigureAwait(false);
            }

            return exitCode;
        }
        catch (DivergenceStandsException e)
        {
            await errors.WriteLineAsync($"lattice: {AccessWords.Elsewhere(e.Message)}").ConfigureAwait(false);
            return Diverged;
        }
        catch (Exception e) when (NodeFailure.Explain(settings, e) is { } reason)
        {
            await errors.WriteLineAsync($"lattice: {AccessWords.Elsewhere(reason)}").ConfigureAwait(false);
            return NodeFailure.IsOfData(e) ? UnusableData : CannotStart;
        }
    }

    private static async Task<int> RunAsync(NodeSettings settings, WebApplication app, TextWriter errors, CancellationToken cancellation)
    {
        IHostApplicationLifetime lifetime = app.Services.GetRequiredService<IHostApplicationLifetime>();
        FatalReason fatal = app.Services.GetRequiredService<FatalReason>();
        Task finished = RunToEndAsync(settings, app, lifetime, cancellation);
        Task overdue = OverdueAsync(lifetime, cancellation);
        if (await Task.WhenAny(finished, overdue).ConfigureAwait(false) == overdue)
        {
            // What is left of the process ends with it, as in a crash, from which every part recovers.
            app.Logger.LogWarning("The node did not stop within {Seconds:0.#} s and ends now. It recovers when it is started again", (ShutdownTimeout + ShutdownGrace).TotalSeconds);
        }
        else
        {
            try
            {
                await finished.ConfigureAwait(false);
            }
            catch (Exception e) when (lifetime.ApplicationStarted.IsCancellationRequested && NodeFailure.Explain(settings, e) is { } reason)
            {
                await errors.WriteLineAsync($"lattice: The node did not stop in order. {AccessWords.Elsewhere(reason)} See to that, then start it again; what it acknowledged is in its log.").ConfigureAwait(false);
                fatal.TrySet(e);
            }
        }

        return fatal.Reason switch
        {
            null => Stopped,
            StateDivergenceException => Diverged,
            _ => Failed,
        };
    }

    private static async Task RunToEndAsync(NodeSettings settings, WebApplication app, IHostApplicationLifetime lifetime, CancellationToken cancellation)
    {
        await using (app.ConfigureAwait(false))
        {
            if (await StartAsync(settings, app, lifetime, cancellation).ConfigureAwait(false))
            {
                await app.WaitForShutdownAsync(cancellation).ConfigureAwait(false);
            }
        }
    }

    /// <summary>
    /// Starts everything. Asked to stop meanwhile, it goes on for a while: a silo that is up can be stopped in order, and the others need not wait for one that
    /// was broken off.
    /// </summary>
    /// <returns>Whether all of it runs; if not, it was asked to stop.</returns>
    private static async Task<bool> StartAsync(NodeSettings settings, WebApplication app, IHostApplicationLifetime lifetime, CancellationToken cancellation)
    {
        using var breakOff = new CancellationTokenSource();
        using CancellationTokenRegistration asked = cancellation.Register(() => breakOff.CancelAfter(PatienceWithStart));
        try
        {
            await app.StartAsync(breakOff.Token).ConfigureAwait(false);
            return true;
        }
        catch (Exception e)
        {
            bool unwanted = breakOff.IsCancellationRequested || lifetime.ApplicationStopping.IsCancellationRequested;
            await StopWhatRunsAsync(app).ConfigureAwait(false);
            if (unwanted)
            {
                return false;
            }

            if (e is OrleansException or DbException or SocketException or TimeoutException)
            {
                throw new NodeStartException($"Node {settings.Node} could not join the cluster '{settings.Cluster.Name}': {e.Message} Check that the nodes which 'lattice status' shows can be reached from here and that the membership database is up, then start it again. The node's data is intact.", e);
            }

            throw;
        }
    }

    private static async Task StopWhatRunsAsync(WebApplication app)
    {
        try
        {
            using var patience = new CancellationTokenSource(ShutdownTimeout);
            await app.StopAsync(patience.Token).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // Orleans does not stop a silo that is not up, and says so; the replicas have stopped. Why the start ended is what matters.
            app.Logger.LogDebug(e, "What had started did not stop in order");
        }
    }

    private static async Task OverdueAsync(IHostApplicationLifetime lifetime, CancellationToken cancellation)
    {
        var stopping = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using CancellationTokenRegistration asked = cancellation.Register(() => stopping.TrySetResult());
        using CancellationTokenRegistration begun = lifetime.ApplicationStopping.Register(() => stopping.TrySetResult());
        await stopping.Task.ConfigureAwait(false);
        await Task.Delay(ShutdownTimeout + ShutdownGrace, CancellationToken.None).ConfigureAwait(false);
    }

    /// <summary>
    /// Opens the node's data and prepares the database of membership, side by side: both are mostly code that runs for the first time, and while a node starts the others
    /// may be one short of a majority.
    /// </summary>
    private static async Task<WebApplication> PrepareAsync(NodeSettings settings, CancellationToken cancellation)
    {
        Task library = Task.Run(RocksDbEngine.Preload, CancellationToken.None);
        Task database = Task.Run(() => MembershipDatabase.PrepareAsync(settings, cancellation), CancellationToken.None);
        WebApplication app;
        try
        {
            app = Build(settings);
        }
        catch
        {
            await Task.WhenAll(library, database).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }

        try
        {
            await Task.WhenAll(library, database).ConfigureAwait(false);
            return app;
        }
        catch
        {
            await app.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private static WebApplication Build(NodeSettings settings)
    {
        // The configuration is the node's file alone: nothing is looked for, or watched, in whichever directory the process was started in.
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory, Args = ["--hostBuilder:reloadConfigOnChange=false"] });
        NodeLogging.Configure(builder.Logging);
        builder.Services.AddSingleton<ISystemdNotifier, SystemdNotifier>();
        builder.Services.AddSingleton<IHostLifetime, NodeLifetime>();
        NodeTelemetry.AddTo(builder, settings);
        OperatorPage.AddTo(builder.Services);
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = ShutdownTimeout);
        HttpEndpoint.Configure(builder, settings);
        builder.Host.UseOrleans(silo =>
        {
            OrleansDashboard.AddTo(silo.AddPreparedLattice(settings, pageAddress: settings.MetricsAddress), settings);
            if (NodeTelemetry.IsOn(builder, settings))
            {
                silo.AddActivityPropagation();
            }
        });
        WebApplication app = builder.Build();
        try
        {
            SecurityWiring.Check(app.Services);

            // Opened here, so that what is wrong with the data is said before anything listens.
            ReplicaHost host = app.Services.GetRequiredService<ReplicaHost>();
            HttpGuard.Use(app);
            MapHealth(app, host);
            MetricsEndpoint.Map(app);
            OperatorPage.Map(app);
            OrleansDashboard.Map(app, settings);
            return app;
        }
        catch (StateDivergenceException e)
        {
            ReportAtStart(settings, app.Logger, e.Divergence);
            ((IDisposable)app).Dispose();
            throw new DivergenceStandsException(DivergenceMark.Refusal(settings));
        }
        catch
        {
            ((IDisposable)app).Dispose();
            throw;
        }
    }

    /// <summary>The node holds something wrong and has not begun yet: nobody else can be asked.</summary>
    private static void ReportAtStart(NodeSettings settings, ILogger logger, Divergence divergence)
    {
        ulong incarnation = NodeIdentity.Load(new PhysicalDisk(), settings.Storage.DataDirectory)?.Incarnation ?? 0;
        divergence = divergence with { Nodes = [NodeFacts.Of(SiloBuilderExtensions.Describe(settings), limits: null, TimeProvider.System.GetUtcNow())] };
        var reporter = new DivergenceReporter(settings, TimeProvider.System, logger);
        reporter.WriteMark(reporter.Build(incarnation, new ReplicaStanding(RaftRole.Follower, divergence.Entry.Term, divergence.Entry.Index), divergence, new CausalStory([])));
    }

    private static void MapHealth(WebApplication app, ReplicaHost host)
    {
        app.MapGet("/health/live", () => Results.Text("live"));
        app.MapGet("/health/ready", () => host.LeaderOf(0) != 0
            ? Results.Text("ready")
            : Results.Text("The system group has no leader that this node knows of.", statusCode: StatusCodes.Status503ServiceUnavailable));
    }
}
