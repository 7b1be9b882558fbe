namespace Lattice.Bench.Peers.Lattices;

/// <summary>How the Lattice nodes under measurement are set up.</summary>
/// <param name="Binary">The published binary.</param>
/// <param name="Shards">Data groups.</param>
/// <param name="Verify">Whether writes are verified before they are acknowledged.</param>
/// <param name="Nodes">Nodes, each of which has a replica of every group.</param>
internal sealed record LatticeSetup(string Binary, int Shards, bool Verify, int Nodes = 3);
