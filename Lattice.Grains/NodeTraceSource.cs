using Lattice.Core.Replication;
using Lattice.Core.Verification;

namespace Lattice.Grains;

/// <summary>Gives out what happened on this node lately.</summary>
public sealed class NodeTraceSource(ReplicaHost host)
{
    /// <summary>Events that are given out in one answer at most: what a ring holds.</summary>
    public const int MaxEvents = CausalTrace.DefaultCapacity;

    /// <summary>The newest events.</summary>
    /// <param name="group">Only of this group and of the node as a whole; null: all.</param>
    /// <param name="last">How many, at most <see cref="MaxEvents"/>.</param>
    public NodeTrace Get(uint? group, int last) =>
        NodeTrace.Of(host.Trace.Node, host.Trace.Recorded, host.Trace.Read(group, Math.Clamp(last, 1, MaxEvents)));
}
