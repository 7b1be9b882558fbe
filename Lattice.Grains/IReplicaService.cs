using Orleans.Concurrency;
using Orleans.Services;

namespace Lattice.Grains;

/// <summary>
/// The node's end of what nodes say to each other. Reached by silo address, with no grain directory in the path, so
/// consensus does not depend on what it supports.
/// </summary>
[Alias("lattice.replica-service")]
public interface IReplicaService : IGrainService
{
    /// <summary>Messages of any groups, encoded; nobody waits for an answer.</summary>
    [OneWay]
    [Alias("deliver")]
    ValueTask Deliver(ReadOnlyMemory<byte> frame);

    /// <summary>The same, and an answer when they have been taken: tells the sender how far the peer is behind.</summary>
    [Alias("deliver-answered")]
    [ResponseTimeout("00:00:02")]
    ValueTask DeliverAnswered(ReadOnlyMemory<byte> frame);

    /// <summary>A write for a group that this node is believed to lead. Never handed on a second time.</summary>
    [Alias("write")]
    [ResponseTimeout("00:00:30")]
    ValueTask<ShardReply> Write(uint group, ReadOnlyMemory<byte> batch);

    /// <summary>How this node stands.</summary>
    [Alias("status")]
    [ResponseTimeout("00:00:05")]
    ValueTask<NodeStatus> GetStatus();

    /// <summary>What happened on this node lately; <paramref name="group"/> null: in all groups.</summary>
    [Alias("trace")]
    [ResponseTimeout("00:00:05")]
    ValueTask<NodeTrace> GetTrace(uint? group, int last);

    /// <summary>Answers at once: what the round trip is measured with.</summary>
    [Alias("ping")]
    [ResponseTimeout("00:00:02")]
    ValueTask Ping();

    /// <summary>Asks the node to stop as on SIGTERM.</summary>
    [Alias("stop")]
    [ResponseTimeout("00:00:05")]
    ValueTask Shutdown();
}
