using Lattice.Core.Telemetry;
using Lattice.Grains;

namespace Lattice.Silo.Page;

/// <summary>
/// What the nodes told of their load, so that they need to tell only what is new, and so that what a lost node did before can still be seen. Bounded: nodes are
/// few, and of each a quarter of an hour is kept. Used by one look at a time.
/// </summary>
internal sealed class LoadMemory
{
    private readonly SortedDictionary<int, NodeLoad> nodes = [];

    /// <summary>The node's newest sample, in milliseconds since 1970 by its clock; 0: none is known.</summary>
    public long LastOf(int node) => nodes.GetValueOrDefault(node)?.Samples is [.., var newest] ? newest.At : 0;

    /// <summary>Takes what nodes told, and gives what is known of all.</summary>
    public IReadOnlyList<NodeLoad> Add(IReadOnlyList<NodeLoad> told)
    {
        foreach (NodeLoad load in told)
        {
            IEnumerable<LoadPoint> known = nodes.GetValueOrDefault(load.Node)?.Samples ?? [];
            nodes[load.Node] = load with { Samples = [.. known.Concat(load.Samples).TakeLast(LoadHistory.Capacity)] };
        }

        return [.. nodes.Values];
    }
}
