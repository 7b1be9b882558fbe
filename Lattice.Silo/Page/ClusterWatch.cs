using Lattice.Core.Telemetry;
using Lattice.Grains;
using Lattice.Silo.Status;

namespace Lattice.Silo.Page;

/// <summary>Looks at the whole cluster for those who have the page open: through this node, as <c>lattice status</c> does through any.</summary>
internal sealed class ClusterWatch
{
    // A node that lives answers within milliseconds; a dead one must not keep the others' answer back.
    private static readonly TimeSpan NodeTimeout = TimeSpan.FromMilliseconds(400);

    // A viewer asks twice a second; what others have just seen will do.
    private static readonly TimeSpan Fresh = TimeSpan.FromMilliseconds(250);

    // Longest that an answer is held back. The way to operations and incidents leads over grains that may have lived on a node that was lost.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan PatienceWithGrains = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan OperationsFresh = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan IncidentsFresh = TimeSpan.FromSeconds(2);

    private readonly NodeInfo node;
    private readonly IGrainFactory grains;
    private readonly LoadCollector loads;
    private readonly TimeProvider time;
    private readonly LoadMemory remembered = new();
    private readonly Watched<SeenCluster> cluster;
    private readonly Watched<OperationsReport> operations;
    private readonly Watched<IncidentsReport> incidents;

    /// <summary>A watch from this node.</summary>
    public ClusterWatch(NodeInfo node, IGrainFactory grains, LoadCollector loads, TimeProvider time)
    {
        (this.node, this.grains, this.loads, this.time) = (node, grains, loads, time);
        cluster = new Watched<SeenCluster>(LookAtClusterAsync, Fresh, time);
        operations = new Watched<OperationsReport>(LookAtOperationsAsync, OperationsFresh, time);
        incidents = new Watched<IncidentsReport>(LookAtIncidentsAsync, IncidentsFresh, time);
    }

    /// <summary>How the cluster stands; null: this node is not up yet, or no longer.</summary>
    /// <param name="after">Samples of the load after this moment, in milliseconds since 1970; 0: all that are remembered.</param>
    public async Task<PageReport?> LookAsync(long after)
    {
        Task<OperationsReport?> operating = operations.GetAsync(PatienceWithGrains);
        Task<IncidentsReport?> incidentsKnown = incidents.GetAsync(PatienceWithGrains);
        if (await cluster.GetAsync(Patience).ConfigureAwait(false) is not { } seen)
        {
            return null;
        }

        return new PageReport
        {
            Node = node.Node,
            At = seen.At,
            SampleMs = (long)LoadHistory.Interval.TotalMilliseconds,
            HistoryMs = (long)LoadHistory.Interval.TotalMilliseconds * LoadHistory.Capacity,
            Majority = MajorityText.Of(seen.View),
            Status = StatusReport.Of(seen.View),
            Loads = [.. seen.Loads.Where(load => seen.View.Nodes.Any(n => n.Status.Node == load.Node)).Select(load => LoadReport.Of(load, after))],
            Incidents = await incidentsKnown.ConfigureAwait(false),
            Operations = await operating.ConfigureAwait(false),
        };
    }

    private async Task<SeenCluster?> LookAtClusterAsync()
    {
        try
        {
            Task<IReadOnlyList<NodeLoad>> loading = loads.AskAsync(remembered.LastOf, NodeTimeout);
            ClusterStatus status = await grains.GetGrain<INodeGrain>(0).Status((int)NodeTimeout.TotalMilliseconds).ConfigureAwait(false);
            return new SeenCluster(time.GetUtcNow().ToUnixTimeMilliseconds(), ClusterView.Of(status), remembered.Add(await loading.ConfigureAwait(false)));
        }
        catch (Exception e) when (e is OrleansException or TimeoutException or InvalidOperationException)
        {
            // The silo is being started or stopped.
            return null;
        }
    }

    private async Task<OperationsReport?> LookAtOperationsAsync()
    {
        try
        {
            OperationHistory history = await grains.GetGrain<IAdminGrain>(0).List().ConfigureAwait(false);
            return new OperationsReport([.. history.Operations.Take(PageReport.MostOperations).Select(OperationOutput.Of)], history.JournalFailure);
        }
        catch (Exception e) when (e is OrleansException or TimeoutException or InvalidOperationException)
        {
            // The node where the grain lived is being given up; the page says that they are not known at present.
            return null;
        }
    }

    private async Task<IncidentsReport?> LookAtIncidentsAsync()
    {
        try
        {
            IncidentHistory history = await grains.GetGrain<INodeGrain>(0).Incidents().ConfigureAwait(false);
            return IncidentsReport.Of(history with { Incidents = [.. history.Incidents.Take(PageReport.MostIncidents)] });
        }
        catch (Exception e) when (e is OrleansException or TimeoutException or InvalidOperationException)
        {
            // As with the operations.
            return null;
        }
    }

    private sealed record SeenCluster(long At, ClusterView View, IReadOnlyList<NodeLoad> Loads);
}
