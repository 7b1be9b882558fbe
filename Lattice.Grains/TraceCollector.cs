using Lattice.Core.Verification;

namespace Lattice.Grains;

/// <summary>Asks nodes for what they recorded.</summary>
public sealed class TraceCollector(NodeInfo info, NodeTraceSource own, PeerDirectory peers)
{
    /// <summary>Asks the nodes in parallel.</summary>
    /// <param name="nodes">Whom.</param>
    /// <param name="group">Only of this group and of the nodes as a whole; null: all.</param>
    /// <param name="last">How many events of each node: the newest.</param>
    /// <param name="timeout">How long to wait for a node.</param>
    /// <returns>An answer for each node, null for one that did not give any.</returns>
    public async Task<IReadOnlyDictionary<int, NodeTrace?>> AskAsync(IReadOnlyCollection<int> nodes, uint? group, int last, TimeSpan timeout)
    {
        NodeTrace?[] answers = await Task.WhenAll(nodes.Select(node => OfAsync(node, group, last, timeout))).ConfigureAwait(false);
        return new SortedDictionary<int, NodeTrace?>(nodes.Zip(answers).ToDictionary(a => a.First, a => a.Second));
    }

    /// <summary>Joins answers into one story of the newest events.</summary>
    public static CausalStory Join(IEnumerable<NodeTrace?> traces, int last) =>
        CausalStory.Join(traces.OfType<NodeTrace>().Select(t => t.ToEvents()), last);

    private async Task<NodeTrace?> OfAsync(int node, uint? group, int last, TimeSpan timeout)
    {
        if (node == info.Node)
        {
            return own.Get(group, last);
        }

        if (peers.Find(node) is not { } service)
        {
            return null;
        }

        try
        {
            return await service.GetTrace(group, last).AsTask().WaitAsync(timeout).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OrleansException or TimeoutException)
        {
            // Whoever asked learns that this node did not answer; the others' story is told all the same.
            return null;
        }
    }
}
