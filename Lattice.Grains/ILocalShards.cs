using Lattice.Core.Replication;

namespace Lattice.Grains;

/// <summary>What the forwarder needs of this node's replicas.</summary>
public interface ILocalShards
{
    /// <summary>Leader of the group as known here; 0: none.</summary>
    int LeaderOf(uint group);

    /// <summary>Completes when the leader is another one than <paramref name="known"/>.</summary>
    Task LeaderChange(uint group, int known);

    /// <summary>Writes through the local replica.</summary>
    Task<ShardReply> WriteAsync(uint group, ReadOnlyMemory<byte> batch);
}

/// <summary>The replicas of the node's host.</summary>
public sealed class HostShards(ReplicaHost host, LeaderWatch leaders) : ILocalShards
{
    /// <inheritdoc/>
    public int LeaderOf(uint group) => host.LeaderOf(group);

    /// <inheritdoc/>
    public Task LeaderChange(uint group, int known) => leaders.ChangeFrom(group, known);

    /// <inheritdoc/>
    public async Task<ShardReply> WriteAsync(uint group, ReadOnlyMemory<byte> batch) => ShardReplies.From(group, await host.WriteAsync(group, batch).ConfigureAwait(false), host.Room);
}
