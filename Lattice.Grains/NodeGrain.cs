using Lattice.Core.Replication;
using Orleans.Concurrency;

namespace Lattice.Grains;

/// <summary>Looks at the cluster from this silo.</summary>
[StatelessWorker]
[Reentrant]
public sealed class NodeGrain(NodeInfo node, ReplicaHost host, NodeStatusSource own, PeerDirectory peers) : Grain, INodeGrain
{
    /// <inheritdoc/>
    public async ValueTask<ClusterStatus> Status(int timeoutMs)
    {
        SystemCatalog catalog = host.Catalog;
        var timeout = TimeSpan.FromMilliseconds(Math.Clamp(timeoutMs, 1, 5000));
        NodeStatus[] nodes = await Task.WhenAll(Members().Select(member => StatusOfAsync(member, timeout)));
        return new ClusterStatus { Name = node.ClusterName, ClusterId = catalog.ClusterId, AnsweredBy = node.Node, Nodes = nodes };
    }

    /// <inheritdoc/>
    public ValueTask<ClusterTopology> Topology()
    {
        SystemCatalog catalog = host.Catalog;
        return ValueTask.FromResult(new ClusterTopology
        {
            Name = node.ClusterName,
            ClusterId = catalog.ClusterId,
            Slots = [.. catalog.Slots.Select(range => new SlotRun(range.First, range.Group))],
        });
    }

    /// <inheritdoc/>
    public async ValueTask<bool> Stop(int target)
    {
        if (peers.Find(target) is not { } service)
        {
            return false;
        }

        try
        {
            await service.Stop();
            return true;
        }
        catch (Exception e) when (e is OrleansException or TimeoutException)
        {
            // Unreachable is the answer, not a failure of this node.
            return false;
        }
    }

    /// <summary>Configured nodes and the system group's members; a removed node that is still in a configuration file is not one.</summary>
    private IEnumerable<int> Members()
    {
        ReplicaStatus? system = host.Status().Replicas.FirstOrDefault(r => r.Group == 0);
        var members = new SortedSet<int>(node.Addresses.Keys);
        if (system is not null && !system.Configuration.Voters.IsEmpty)
        {
            members.UnionWith(system.Configuration.Voters);
            members.UnionWith(system.Configuration.Learners);
            members.ExceptWith(system.Configuration.Removed);
        }

        return members;
    }

    private async Task<NodeStatus> StatusOfAsync(int member, TimeSpan timeout)
    {
        if (member == node.Node)
        {
            return own.Get();
        }

        if (peers.Find(member) is { } service)
        {
            try
            {
                return await service.Status().AsTask().WaitAsync(timeout);
            }
            catch (Exception e) when (e is OrleansException or TimeoutException)
            {
                // Reported as unreachable below.
            }
        }

        return new NodeStatus { Node = member, Reachable = false, Address = node.Addresses.GetValueOrDefault(member, "") };
    }
}
