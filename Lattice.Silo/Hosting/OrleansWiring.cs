using System.Net;
using System.Net.Sockets;
using Lattice.Silo.Configuration;
using Lattice.Silo.Membership;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;
using Orleans.Networking.Shared;
using Orleans.Runtime.MembershipService;

namespace Lattice.Silo.Hosting;

/// <summary>What the settings mean for Orleans.</summary>
internal static class OrleansWiring
{
    // A silo that was killed is declared dead after three probes, within a few seconds. One that hangs keeps its connections, and with one over
    // which something came within three of the longest probes (four times this) Orleans waits: a node that is paused for a moment must not be
    // declared dead, since that ends its process. Raft does not wait for either.
    private static readonly TimeSpan ProbeTimeout = TimeSpan.FromSeconds(1);
    private const int MissedProbes = 3;

    // A starting silo tries so long to reach every silo that the table lists as active. Those that are gone were taken out before
    // (StaleSilos), so this is for one that hangs or cannot be reached.
    private static readonly TimeSpan MaxJoinAttemptTime = TimeSpan.FromMinutes(1);

    // How often a silo signs the table, and the time without a signature after which it counts as gone.
    private static readonly TimeSpan SignInterval = TimeSpan.FromSeconds(5);
    public static readonly TimeSpan SilenceOfTheGone = 4 * SignInterval;

    // How long a silo may not know of a change that nobody told it, or that its table was lost.
    private static readonly TimeSpan TableRefresh = TimeSpan.FromSeconds(5);

    public static void Configure(ISiloBuilder silo, NodeSettings settings)
    {
        (string siloHost, int siloPort) = HostPort.Parse(settings.Self.Address);
        (string gatewayHost, int gatewayPort) = HostPort.Parse(settings.Self.Gateway);
        IPAddress siloAddress = Resolve(siloHost);
        silo.Configure<SiloOptions>(o => o.SiloName = Lattice.Grains.NodeInfo.SiloName(settings.Node));
        silo.Configure<ClusterOptions>(o => (o.ClusterId, o.ServiceId) = (settings.Cluster.Name, settings.Cluster.Name));
        silo.Configure<EndpointOptions>(o =>
        {
            (o.AdvertisedIPAddress, o.SiloPort, o.GatewayPort) = (siloAddress, siloPort, gatewayPort);
            o.SiloListeningEndpoint = new IPEndPoint(siloAddress, siloPort);
            o.GatewayListeningEndpoint = new IPEndPoint(Resolve(gatewayHost), gatewayPort);
        });
        silo.Configure<SocketConnectionOptions>(o => o.NoDelay = settings.TcpNoDelay);
        silo.Configure<ClusterMembershipOptions>(o =>
        {
            o.ProbeTimeout = ProbeTimeout;
            o.NumMissedProbesLimit = MissedProbes;
            o.MaxJoinAttemptTime = MaxJoinAttemptTime;
            o.TableRefreshTimeout = TableRefresh;
            o.IAmAliveTablePublishTimeout = SignInterval;
        });
        silo.UseAdoNetClustering(o =>
        {
            o.Invariant = MembershipDatabase.Invariant(settings.Membership.Provider);
            o.ConnectionString = MembershipDatabase.RunningConnection(settings.Membership);
        });
        silo.AddAdoNetGrainStorage(Lattice.Grains.LatticeStorage.Name, o =>
        {
            o.Invariant = MembershipDatabase.Invariant(settings.Membership.Provider);
            o.ConnectionString = MembershipDatabase.RunningConnection(settings.Membership);
            o.GrainStorageSerializer = new GrainStateJson();
        });
        silo.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(services => new TableTurn(settings, services.GetRequiredService<TimeProvider>()));
        silo.Services.AddSingleton(new MembershipRestorer(settings.Membership, settings.Cluster.Name));
        silo.Services.AddSingleton<IMembershipTable>(services =>
            ActivatorUtilities.CreateInstance<LastingMembershipTable>(
                services,
                ActivatorUtilities.CreateInstance<AdoNetClusteringTable>(services),
                () => services.GetRequiredService<IClusterMembershipService>().CurrentSnapshot));
    }

    /// <summary>The address of a host; one of IPv4 if there is one, since hosts without IPv6 still have a name for it.</summary>
    public static IPAddress Resolve(string host) => IPAddress.TryParse(host, out IPAddress? ip)
        ? ip
        : Dns.GetHostAddresses(host).MinBy(a => a.AddressFamily == AddressFamily.InterNetwork ? 0 : 1)!;
}
