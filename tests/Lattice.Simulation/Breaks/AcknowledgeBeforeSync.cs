using Lattice.Core.Replication;

namespace Lattice.Simulation.Breaks;

/// <summary>Nodes promise what they have written and not yet synced, votes and entries alike.</summary>
internal sealed class AcknowledgeBeforeSync : DeliberateBreak
{
    public override NodeCoreOptions Change(NodeCoreOptions options) => options with { Log = options.Log with { SyncOnWrite = false } };
}
