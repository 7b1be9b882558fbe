using Lattice.Core.Replication;

namespace Lattice.Grains.Verification;

/// <summary>What this node answers to verifiers.</summary>
public sealed class SampleSource(NodeInfo node, ReplicaHost host, HaltNotices halts)
{
    /// <summary>The answer; null: this node has no such group.</summary>
    public async Task<ReplicaSample?> GetAsync(uint group, ulong index) =>
        await host.SampleAsync(group, index).ConfigureAwait(false) is { } sample ? ReplicaSample.Of(sample, node.StartedAt, halts.Of(group)) : null;
}
