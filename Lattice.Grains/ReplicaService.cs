using Lattice.Core.Replication;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Lattice.Grains;

/// <summary>The replica service of this silo: hands on to the node's <see cref="ReplicaHost"/>.</summary>
public sealed class ReplicaService(
    GrainId id,
    Silo silo,
    ILoggerFactory loggerFactory,
    ReplicaHost host,
    HostShards shards,
    NodeStatusSource status,
    NodeTraceSource trace,
    IHostApplicationLifetime lifetime) : GrainService(id, silo, loggerFactory), IReplicaService
{
    /// <inheritdoc/>
    public ValueTask Deliver(ReadOnlyMemory<byte> frame)
    {
        host.Receive(frame);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask DeliverAnswered(ReadOnlyMemory<byte> frame) => Deliver(frame);

    /// <inheritdoc/>
    public ValueTask<ShardReply> Write(uint group, ReadOnlyMemory<byte> batch) => new(shards.WriteAsync(group, batch));

    /// <inheritdoc/>
    public ValueTask<NodeStatus> GetStatus() => ValueTask.FromResult(status.Get());

    /// <inheritdoc/>
    public ValueTask<NodeTrace> GetTrace(uint? group, int last) => ValueTask.FromResult(trace.Get(group, last));

    /// <inheritdoc/>
    public ValueTask Ping() => ValueTask.CompletedTask;

    /// <inheritdoc/>
    public ValueTask Shutdown()
    {
        lifetime.StopApplication();
        return ValueTask.CompletedTask;
    }
}
