namespace Lattice.Grains;

/// <summary>Asks all nodes what they have to do.</summary>
public sealed class LoadCollector(NodeInfo info, NodeLoadSource own, MemberDirectory members, PeerDirectory peers, TimeProvider time)
{
    /// <summary>Asks them in parallel.</summary>
    /// <param name="after">After which moment the samples of a node are wanted, in milliseconds since 1970; 0: all that it remembers.</param>
    /// <param name="timeout">How long to wait for a node.</param>
    /// <returns>The answers of those that gave one.</returns>
    public async Task<IReadOnlyList<NodeLoad>> AskAsync(Func<int, long> after, TimeSpan timeout)
    {
        NodeLoad?[] answers = await Task.WhenAll(members.Members().Select(node => OfAsync(node, after(node), timeout))).ConfigureAwait(false);
        return [.. answers.OfType<NodeLoad>()];
    }

    private async Task<NodeLoad?> OfAsync(int node, long after, TimeSpan timeout)
    {
        if (node == info.Node)
        {
            return own.Get(after);
        }

        if (peers.Find(node) is not { } service)
        {
            return null;
        }

        try
        {
            return await service.GetLoad(after).AsTask().WaitAsync(timeout, time).ConfigureAwait(false);
        }
        catch (Exception)
        {
            // It is gone, late, or of a version that does not know the call: what it had to do is not known. How it stands is asked for elsewhere.
            return null;
        }
    }
}
