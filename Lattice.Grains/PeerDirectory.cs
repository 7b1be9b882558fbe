using System.Collections.Frozen;
using Orleans.Runtime.Services;

namespace Lattice.Grains;

/// <summary>
/// Where the nodes are now: membership names the silo of a node <c>node-N</c>, its address changes with each start. Keeps
/// the last known picture, so that nodes reach each other while the membership database is gone.
/// </summary>
public sealed class PeerDirectory(IServiceProvider services, IClusterMembershipService membership) : GrainServiceClient<IReplicaService>(services)
{
    private sealed record Picture(MembershipVersion Version, FrozenDictionary<int, (SiloAddress Address, IReplicaService Service)> Peers);

    private Picture? picture;

    /// <summary>The replica service of a node; null when membership knows no silo of it that is alive.</summary>
    public IReplicaService? Find(int node) => Current().Peers.TryGetValue(node, out (SiloAddress Address, IReplicaService Service) peer) ? peer.Service : null;

    private Picture Current()
    {
        ClusterMembershipSnapshot snapshot = membership.CurrentSnapshot;
        Picture? known = Volatile.Read(ref picture);
        if (known is not null && known.Version == snapshot.Version)
        {
            return known;
        }

        var peers = new Dictionary<int, (SiloAddress Address, IReplicaService Service)>();
        foreach (ClusterMember member in snapshot.Members.Values)
        {
            if (member.Status is SiloStatus.Dead or SiloStatus.None or SiloStatus.Created || !TryNode(member.Name, out int node))
            {
                continue;
            }

            // A node that was restarted may be listed twice until its former life is declared dead: the later one counts.
            if (!peers.TryGetValue(node, out (SiloAddress Address, IReplicaService Service) other) || other.Address.Generation < member.SiloAddress.Generation)
            {
                peers[node] = (member.SiloAddress, GetGrainService(member.SiloAddress));
            }
        }

        var renewed = new Picture(snapshot.Version, peers.ToFrozenDictionary());
        Volatile.Write(ref picture, renewed);
        return renewed;
    }

    private static bool TryNode(string name, out int node)
    {
        const string prefix = "node-";
        node = 0;
        return name.StartsWith(prefix, StringComparison.Ordinal) && int.TryParse(name.AsSpan(prefix.Length), out node);
    }
}
