namespace Lattice.Core.Consensus;

/// <summary>What a replica must not forget across restarts (Raft paper, figure 2).</summary>
/// <param name="Term">Latest term seen.</param>
/// <param name="Vote">Node that received this replica's vote in <paramref name="Term"/>; 0 for none.</param>
/// <param name="Commit">Highest index known to be committed. Losing it costs time, never safety.</param>
public readonly record struct HardState(ulong Term, int Vote, ulong Commit);
