using System.Collections.Frozen;
using System.Globalization;
using Lattice.Grains.Frames;
using Orleans.Runtime.Services;

namespace Lattice.Grains;

/// <summary>
/// Where the nodes are now: membership names the silo of a node <c>node-N</c>, its address changes with each start. Keeps
/// the last known picture, so that nodes reach each other while the membership database is gone.
/// </summary>
public sealed class PeerDirectory(IServiceProvider services, IClusterMembershipService membership, FrameConnector connector) : GrainServiceClient<IReplicaService>(services), IDisposable
{
    private readonly Lock renewal = new();
    private Picture? picture;

    /// <summary>The replica service of a node; null when membership knows no silo of it that is alive.</summary>
    public IReplicaService? Find(int node) => Current().GetValueOrDefault(node)?.Service;

    /// <summary>The nodes whose silos membership knows to be alive, and where they are.</summary>
    public IReadOnlyList<(int Node, SiloAddress Address)> Known => [.. Current().Values.Select(p => (p.Node, p.Address))];

    /// <summary>The way to a node's replicas; the same object as long as its process lives. Null when membership knows no silo of it that is alive.</summary>
    internal IPeerRoute? Route(int node) => Current().GetValueOrDefault(node)?.Route;

    /// <summary>Ends the connections to all of them.</summary>
    public void Dispose()
    {
        foreach (Peer peer in picture?.Peers.Values ?? [])
        {
            peer.Route.Dispose();
        }
    }

    /// <summary>The node of a silo by its name, if it is one.</summary>
    internal static bool TryNode(string name, out int node)
    {
        const string prefix = "node-";
        node = 0;
        return name.StartsWith(prefix, StringComparison.Ordinal) && int.TryParse(name.AsSpan(prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out node);
    }

    private FrozenDictionary<int, Peer> Current()
    {
        ClusterMembershipSnapshot snapshot = membership.CurrentSnapshot;
        Picture? known = Volatile.Read(ref picture);
        if (known is not null && known.Version == snapshot.Version)
        {
            return known.Peers;
        }

        lock (renewal)
        {
            return Renew(snapshot, picture);
        }
    }

    private FrozenDictionary<int, Peer> Renew(ClusterMembershipSnapshot snapshot, Picture? known)
    {
        if (known is not null && known.Version >= snapshot.Version)
        {
            return known.Peers;
        }

        var peers = new Dictionary<int, Peer>();
        foreach (ClusterMember member in snapshot.Members.Values)
        {
            if (member.Status is SiloStatus.Dead or SiloStatus.None or SiloStatus.Created || !TryNode(member.Name, out int node))
            {
                continue;
            }

            // A node that was restarted may be listed twice until its former life is declared dead: the later one counts.
            if (peers.TryGetValue(node, out Peer? other) && other.Address.Generation > member.SiloAddress.Generation)
            {
                continue;
            }

            Peer? former = known?.Peers.GetValueOrDefault(node);
            if (former is not null && former.Address.Equals(member.SiloAddress))
            {
                peers[node] = former;
                continue;
            }

            IReplicaService service = GetGrainService(member.SiloAddress);
            peers[node] = new Peer(node, member.SiloAddress, service, new FrameRoute(connector, member.SiloAddress, service));
        }

        var renewed = new Picture(snapshot.Version, peers.ToFrozenDictionary());
        Volatile.Write(ref picture, renewed);
        foreach (Peer former in known?.Peers.Values ?? [])
        {
            if (!ReferenceEquals(renewed.Peers.GetValueOrDefault(former.Node), former))
            {
                former.Route.Dispose();
            }
        }

        return renewed.Peers;
    }

    private sealed record Peer(int Node, SiloAddress Address, IReplicaService Service, FrameRoute Route);

    private sealed record Picture(MembershipVersion Version, FrozenDictionary<int, Peer> Peers);
}
