using Lattice.Core.Replication;

namespace Lattice.Simulation.Breaks;

/// <summary>Every replica answers every read from its own state.</summary>
internal sealed class FollowerReads : DeliberateBreak
{
    public override bool AnswersLocally(Replica replica) => true;
}
