using Lattice.Core.Consensus;
using Lattice.Core.Replication;

namespace Lattice.Simulation.Breaks;

/// <summary>
/// A new leader takes its commit index for the truth though no entry of its own term is committed: what the entry
/// at the start of a term is there to prevent (dissertation, 6.4).
/// </summary>
internal sealed class SkipNoop : DeliberateBreak
{
    public override bool AnswersLocally(Replica replica) =>
        replica.Status is { Role: RaftRole.Leader } status && status.Applied.Term < status.Term;
}
