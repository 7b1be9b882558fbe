using Lattice.Core.Replication;
using Lattice.Core.Verification;
using Lattice.Grains.Access;
using Lattice.Grains.Verification;
using Orleans.Concurrency;
using Orleans.GrainDirectory;

namespace Lattice.Grains;

/// <summary>Looks at the cluster from this silo.</summary>
[StatelessWorker]
[Reentrant]
[GrainDirectory(PlacedHere.Name)]
public sealed class NodeGrain(NodeInfo info, ReplicaHost host, NodeStatusSource own, PeerDirectory peers, MemberDirectory members, TraceCollector traces, IncidentCollector incidents) : Grain, INodeGrain
{
    /// <inheritdoc/>
    public ValueTask<int> Id() => ValueTask.FromResult(info.Node);

    /// <inheritdoc/>
    public async ValueTask<ClusterStatus> Status(int timeoutMs)
    {
        SystemCatalog catalog = host.Catalog;
        var timeout = TimeSpan.FromMilliseconds(Math.Clamp(timeoutMs, 1, 5000));
        NodeStatus[] nodes = await Task.WhenAll(members.Members().Select(member => StatusOfAsync(member, timeout)));
        return new ClusterStatus { Name = info.ClusterName, ClusterId = catalog.ClusterId, AnsweredBy = info.Node, Nodes = nodes };
    }

    /// <inheritdoc/>
    public ValueTask<ClusterTopology> Topology()
    {
        SystemCatalog catalog = host.Catalog;
        return ValueTask.FromResult(new ClusterTopology
        {
            Name = info.ClusterName,
            ClusterId = catalog.ClusterId,
            Slots = [.. catalog.Slots.Select(range => new SlotRun(range.First, range.Group))],
        });
    }

    /// <inheritdoc/>
    public async ValueTask<TraceStory> Trace(int node, uint? group, int last, int timeoutMs)
    {
        IReadOnlyCollection<int> asked = node == 0 ? members.Members() : [node];
        var timeout = TimeSpan.FromMilliseconds(Math.Clamp(timeoutMs, 1, 5000));
        IReadOnlyDictionary<int, NodeTrace?> answers = await traces.AskAsync(asked, group, last, timeout);
        CausalStory story = TraceCollector.Join(answers.Values, Math.Clamp(last, 1, NodeTraceSource.MaxEvents));
        return new TraceStory
        {
            Name = info.ClusterName,
            Nodes = [.. answers.Select(a => new TracedNode(a.Key, a.Value is not null, a.Value?.Recorded ?? 0))],
            Events = [.. story.Events.Select(Line)],
        };
    }

    /// <inheritdoc/>
    public async ValueTask<bool> Stop(int node)
    {
        if (peers.Find(node) is not { } service)
        {
            return false;
        }

        try
        {
            await service.Shutdown();
            return true;
        }
        catch (Exception e) when (e is OrleansException or TimeoutException)
        {
            // Unreachable is the answer, not a failure of this node.
            return false;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<DrillReply> Drill(int node, string kind, uint group, string who)
    {
        if (peers.Find(node) is not { } service)
        {
            return Unreachable(node);
        }

        try
        {
            return await service.Drill(kind, group, CallerContext.Describe(who));
        }
        catch (Exception e) when (e is OrleansException or TimeoutException)
        {
            return Unreachable(node);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<VerifyProgress> Verify(int node, bool begin)
    {
        try
        {
            if (peers.Find(node) is { } service)
            {
                return await service.Verify(begin);
            }
        }
        catch (Exception e) when (e is OrleansException or TimeoutException)
        {
            // As when it is not there.
        }

        return new VerifyProgress { Failure = $"Node {node} does not answer: 'lattice status {node}' says how it stands." };
    }

    /// <inheritdoc/>
    public async ValueTask<IncidentHistory> Incidents() => await incidents.AskAsync();

    /// <inheritdoc/>
    public ValueTask<BackupTicket> BackupOpen(int node, Guid id, string who) => peers.Find(node) is { } service
        ? service.BackupOpen(id, who)
        : ValueTask.FromResult(new BackupTicket { Refusal = $"Node {node} cannot be reached from node {info.Node}: it is not running, or not in this cluster ('lattice status'). Back up another node; each has everything." });

    /// <inheritdoc/>
    public ValueTask<BackupPart> BackupRead(int node, Guid id, long number) => peers.Find(node) is { } service
        ? service.BackupRead(id, number)
        : ValueTask.FromResult(new BackupPart([], IsLast: true, $"Node {node} cannot be reached any more."));

    /// <inheritdoc/>
    public ValueTask BackupClose(int node, Guid id, bool isWhole) => peers.Find(node) is { } service
        ? service.BackupClose(id, isWhole)
        : ValueTask.CompletedTask;

    private static DrillReply Unreachable(int node) => new(false, $"Node {node} did not answer, so whether the fault was injected is not known: 'lattice status {node}' says how it stands.");

    private static TraceLine Line(TraceEvent told) => new()
    {
        Lamport = told.Lamport,
        Time = told.Time,
        Node = told.Node,
        Group = told.Group == TraceEvent.NodeLevel ? null : told.Group,
        Kind = told.Kind.ToString(),
        Peer = told.Peer,
        Term = told.Term,
        Index = told.Index,
        Text = CausalStory.Sentence(told),
    };

    private async Task<NodeStatus> StatusOfAsync(int member, TimeSpan timeout)
    {
        if (member == info.Node)
        {
            return own.Get();
        }

        if (peers.Find(member) is { } service)
        {
            try
            {
                return await service.GetStatus().AsTask().WaitAsync(timeout);
            }
            catch (Exception e) when (e is OrleansException or TimeoutException)
            {
                // Reported as unreachable below.
            }
        }

        return new NodeStatus { Node = member, Reachable = false, Address = members.AddressOf(member) };
    }
}
