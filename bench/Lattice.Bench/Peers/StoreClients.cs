using Lattice.Bench.Peers.DotNextRaft;
using Lattice.Bench.Peers.Etcd;
using Lattice.Bench.Peers.GrainStorage;
using Lattice.Bench.Peers.Lattices;

namespace Lattice.Bench.Peers;

/// <summary>The peers by name, and clients for them: in this process or in another one that was told the address.</summary>
internal static class StoreClients
{
    /// <summary>Names of the peers.</summary>
    public static IReadOnlyList<string> Names { get; } = [LatticePeer.PeerName, EtcdPeer.PeerName, DotNextPeer.AsItComes, DotNextPeer.Synced, GrainStoragePeer.Redis, GrainStoragePeer.PostgreSql];

    /// <summary>A peer that is not started yet.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="folder">Where its data goes.</param>
    /// <param name="lattice">The published binary and settings of a Lattice node.</param>
    public static IPeer Create(string name, string folder, LatticeSetup lattice) => name switch
    {
        LatticePeer.PeerName => new LatticePeer(folder, lattice),
        EtcdPeer.PeerName => new EtcdPeer(folder),
        DotNextPeer.AsItComes or DotNextPeer.Synced => new DotNextPeer(name, folder),
        GrainStoragePeer.Redis or GrainStoragePeer.PostgreSql => new GrainStoragePeer(name, folder),
        _ => throw new ArgumentException($"There is no peer '{name}'; there are {string.Join(", ", Names)}.", nameof(name)),
    };

    /// <summary>Connects to a peer that runs.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="address">Its <see cref="IPeer.Address"/>.</param>
    /// <param name="cancellation">Gives up.</param>
    public static async Task<IStoreClient> ConnectAsync(string name, string address, CancellationToken cancellation) => name switch
    {
        LatticePeer.PeerName => await LatticeStoreClient.ConnectAsync(address, cancellation).ConfigureAwait(false),
        EtcdPeer.PeerName => new EtcdStoreClient(address),
        DotNextPeer.AsItComes or DotNextPeer.Synced => new DotNextStoreClient(NodePorts.Parse(address)),
        _ => await GrainStorageClient.ConnectAsync(address, cancellation).ConfigureAwait(false),
    };
}
