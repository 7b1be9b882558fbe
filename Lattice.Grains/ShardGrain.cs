using Orleans.Concurrency;
using Orleans.GrainDirectory;

namespace Lattice.Grains;

/// <summary>The door of a group on this silo. A silo may have several, so that one group's requests are not bound to one thread.</summary>
[StatelessWorker]
[Reentrant]
[GrainDirectory(PlacedHere.Name)]
public sealed class ShardGrain(ShardRouter router) : Grain, IShardGrain
{
    private uint group;

    /// <inheritdoc/>
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        group = (uint)this.GetPrimaryKeyLong();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<ShardReply> Write(ShardRequest request) => router.WriteAsync(group, request);

    /// <inheritdoc/>
    public ValueTask<ShardReply> Query(ShardRequest request) => new(router.QueryAsync(group, request));
}
