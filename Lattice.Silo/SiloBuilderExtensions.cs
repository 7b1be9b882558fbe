using System.Reflection;
using Lattice.Core.Verification;
using Lattice.Grains;
using Lattice.Silo.Configuration;
using Lattice.Silo.Hosting;
using Lattice.Silo.Security;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Lattice.Silo;

/// <summary>Puts a Lattice node into a silo: for <c>lattice start</c>, and for applications that host it beside their own grains.</summary>
public static class SiloBuilderExtensions
{
    /// <summary>
    /// Makes the silo a node: its addresses, membership and grains. When the silo starts, the membership database gets the tables that are missing.
    /// The application's host decides how long a stop may take; handing leaderships over needs up to two seconds of it.
    /// </summary>
    public static ISiloBuilder AddLattice(this ISiloBuilder silo, NodeSettings settings)
    {
        silo.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(new MembershipPreparation(settings));
        return silo.AddPreparedLattice(settings);
    }

    /// <summary>The same, for those who have prepared the membership database.</summary>
    /// <param name="silo">The silo.</param>
    /// <param name="settings">The node.</param>
    /// <param name="pageAddress">Where the host serves the operator's page, host:port; empty: nowhere.</param>
    internal static ISiloBuilder AddPreparedLattice(this ISiloBuilder silo, NodeSettings settings, string pageAddress = "")
    {
        OrleansWiring.Configure(silo, settings);
        SecurityWiring.Configure(silo, settings.Security);
        silo.AddLatticeGrains();
        silo.Services.AddSingleton(TimeProvider.System);
        silo.Services.AddSingleton(Describe(settings) with { PageAddress = pageAddress });
        silo.Services.AddSingleton(services => ReplicaHostFactory.Open(
            settings,
            services.GetRequiredService<OrleansReplicaTransport>(),
            services.GetRequiredService<LamportClock>(),
            services.GetRequiredService<ILoggerFactory>()));
        silo.Services.AddSingleton(services => services.GetRequiredService<NodeStorage>().Host);
        silo.Services.AddSingleton(settings);
        silo.Services.AddSingleton<DivergenceInquiry>();
        silo.Services.AddSingleton<DivergenceHalt>();
        silo.Services.AddHostedService<ClearanceHerald>();
        silo.Services.AddSingleton<FatalReason>();
        silo.Services.AddSingleton<IFatalErrorHandler, SiloFatalErrors>();
        silo.Services.AddSingleton<ReplicaHostLifetime>();
        silo.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(services => services.GetRequiredService<ReplicaHostLifetime>());
        silo.Services.AddSingleton<IHostedService>(services => services.GetRequiredService<ReplicaHostLifetime>());
        return silo;
    }

    /// <summary>What the grains of a node have to know of its configuration.</summary>
    internal static NodeInfo Describe(NodeSettings settings) => new()
    {
        Node = settings.Node,
        ClusterName = settings.Cluster.Name,
        Addresses = settings.Cluster.Peers.ToDictionary(p => p.Id, p => p.Address),
        Version = typeof(SiloBuilderExtensions).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion,
        DataDirectory = settings.Storage.DataDirectory,
        SyncOnWrite = settings.Storage.SyncOnWrite,
        AllowDrills = settings.Verification.AllowDrills,
        Settings = SettingsPrinter.OfReports(settings),
        StartedAt = TimeProvider.System.GetUtcNow(),
    };
}
