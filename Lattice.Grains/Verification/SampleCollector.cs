namespace Lattice.Grains.Verification;

/// <summary>Asks all nodes how their replicas of a group stand.</summary>
public sealed class SampleCollector(NodeInfo info, SampleSource own, PeerDirectory peers, MemberDirectory members, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(700);

    /// <summary>Asks.</summary>
    /// <param name="group">The group.</param>
    /// <param name="index">The entry after which digests are wanted; 0: none.</param>
    /// <returns>The answers that came in time.</returns>
    public async Task<IReadOnlyList<ReplicaSample>> AskAsync(uint group, ulong index)
    {
        ReplicaSample?[] answers = await Task.WhenAll(members.Members().Select(node => AskAsync(node, group, index)));
        return [.. answers.OfType<ReplicaSample>()];
    }

    private async Task<ReplicaSample?> AskAsync(int node, uint group, ulong index)
    {
        try
        {
            return node == info.Node
                ? await own.GetAsync(group, index).WaitAsync(Patience, time)
                : peers.Find(node) is { } service ? await service.Sample(group, index).AsTask().WaitAsync(Patience, time) : null;
        }
        catch (Exception)
        {
            // Whatever it was, a node that is lost, late, or of a version that does not know the question: it was not compared, which the verdict says.
            return null;
        }
    }
}
