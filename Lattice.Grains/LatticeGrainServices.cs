using Lattice.Core.Telemetry;
using Lattice.Core.Verification;
using Lattice.Grains.Frames;
using Lattice.Grains.Load;
using Lattice.Grains.Operations;
using Lattice.Grains.Verification;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;
using Orleans.Runtime.Hosting;

namespace Lattice.Grains;

/// <summary>Registers the grains' services on a silo. The caller registers <see cref="NodeInfo"/> and <c>ReplicaHost</c>.</summary>
public static class LatticeGrainServices
{
    /// <summary>Adds the replica service and what the shard and node grains need.</summary>
    public static ISiloBuilder AddLatticeGrains(this ISiloBuilder silo)
    {
        silo.AddGrainService<ReplicaService>();
        silo.AddGrainService<OperatorService>();
        silo.AddGrainDirectory(PlacedHere.Name, static (_, _) => new PlacedHere());
        silo.Services.AddSingleton<LatticeMeter>();
        silo.Services.AddSingleton<PeerLinks>();
        silo.Services.AddSingleton<RequestMetrics>();
        silo.Services.AddSingleton<OperationsUnderWay>();
        silo.Services.AddSingleton<ClusterMetrics>();
        silo.Services.AddHostedService<MetricsBeginning>();
        silo.Services.AddSingleton<LamportClock>();
        silo.Services.AddSingleton<OrleansReplicaTransport>();
        silo.Services.AddSingleton<PeerDirectory>();
        silo.Services.AddSingleton<MemberDirectory>();
        silo.Services.AddSingleton<NodeStatusSource>();
        silo.Services.AddSingleton<NodeFacts>();
        silo.Services.AddSingleton<NodeTraceSource>();
        silo.Services.AddSingleton<TraceCollector>();
        silo.Services.AddSingleton<RequestTally>();
        silo.Services.AddSingleton<LoadHistory>();
        silo.Services.AddSingleton<NodeLoadSource>();
        silo.Services.AddSingleton<LoadCollector>();
        silo.Services.AddHostedService<LoadSampler>();
        silo.Services.AddSingleton<LeaderWatch>();
        silo.Services.AddSingleton<HostShards>();
        silo.Services.AddSingleton<ShardRouter>();
        silo.Services.AddSingleton<DrillHall>();
        silo.Services.AddSingleton<HaltNotices>();
        silo.Services.AddSingleton<SampleSource>();
        silo.Services.AddSingleton<SampleCollector>();
        silo.Services.AddSingleton<IncidentCollector>();
        silo.Services.AddSingleton<VerifierReports>();
        silo.Services.AddHostedService<VerifierKeeper>();
        silo.Services.AddSingleton<AuditTrail>();
        silo.Services.AddHostedService(static services => services.GetRequiredService<AuditTrail>());
        silo.Services.AddSingleton<BackupBook>();
        silo.Services.AddSingleton<BackupDesk>();
        silo.Services.AddSingleton<NodeTaskDesk>();
        silo.Services.AddSingleton<OperatorDirectory>();
        silo.Services.AddSingleton<ClusterEye>();
        silo.Services.AddSingleton<OperationCatalog>();
        silo.Services.AddHostedService<OperationKeeper>();
        silo.Services.AddHostedService<RemovalWatch>();
        silo.Services.AddHostedService<PeerMonitor>();
        silo.Services.AddHostedService<PeerJournal>();
        silo.Services.AddHostedService<DepartureWatch>();
        silo.Services.AddSingleton<PeerWatch>();
        silo.Services.AddSingleton<FrameConnector>();
        silo.Services.AddSingleton<FrameReceiver>();
        silo.Configure<SiloConnectionOptions>(o =>
        {
            o.ConfigureSiloInboundConnection(connection => connection.UseMiddleware<PeerWatch>());
            o.ConfigureSiloInboundConnection(connection => connection.UseMiddleware<FrameReceiver>());
            o.ConfigureSiloOutboundConnection(connection => connection.UseMiddleware<PeerWatch>());
        });
        return silo;
    }
}
