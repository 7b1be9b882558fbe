using Lattice.Core.Replication;
using Microsoft.Extensions.Hosting;

namespace Lattice.Grains;

/// <summary>
/// Tells the replicas of a peer that stops in order. Its own replicas stopped before its silo said so; whoever was about to hand it a leadership
/// looks for another node, and groups that it still led need not wait for their election timeout.
/// </summary>
public sealed class DepartureWatch(NodeInfo node, IClusterMembershipService membership, PeerDirectory peers, PeerLinks links, ReplicaHost host) : BackgroundService
{
    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var told = new HashSet<SiloAddress>();
        try
        {
            await foreach (ClusterMembershipSnapshot snapshot in membership.MembershipUpdates.WithCancellation(stoppingToken).ConfigureAwait(false))
            {
                told.RemoveWhere(silo => !snapshot.Members.ContainsKey(silo));
                foreach (ClusterMember member in snapshot.Members.Values)
                {
                    if (member.Status is SiloStatus.ShuttingDown or SiloStatus.Stopping && told.Add(member.SiloAddress))
                    {
                        Tell(member);
                    }
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The node stops.
        }
    }

    private void Tell(ClusterMember member)
    {
        // A node that was started again meanwhile has another address.
        if (PeerDirectory.TryNode(member.Name, out int peer) && peer != node.Node && peers.Known.Any(known => known.Node == peer && known.Address.Equals(member.SiloAddress)))
        {
            links.Of(peer).Silent();
            host.PeerDown(peer);
        }
    }
}
