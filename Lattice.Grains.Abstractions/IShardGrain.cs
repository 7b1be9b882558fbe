using Lattice.Grains.Access;

namespace Lattice.Grains;

/// <summary>
/// The door of one Raft group, keyed by the group's number. Every silo has one beside its replica. Applications use
/// <c>Lattice.Client</c>; grains of an application that lives in the same cluster may call it directly.
/// </summary>
[Alias("lattice.shard")]
public interface IShardGrain : IGrainWithIntegerKey
{
    /// <summary>Has a write batch agreed, made durable and executed; answers when a majority holds it.</summary>
    /// <param name="request">A write batch; see <c>docs/wire-format.md</c>.</param>
    [Alias("write")]
    [RequiresRole(LatticeRole.Write)]
    [ResponseTimeout("00:00:30")]
    ValueTask<ShardReply> Write(ShardRequest request);

    /// <summary>Answers a query batch.</summary>
    [Alias("query")]
    [RequiresRole(LatticeRole.Read)]
    [ResponseTimeout("00:00:30")]
    ValueTask<ShardReply> Query(ShardRequest request);
}

/// <summary>What is asked of a shard.</summary>
[GenerateSerializer, Immutable, Alias("lattice.shard-request")]
public sealed class ShardRequest
{
    /// <summary>The encoded batch.</summary>
    [Id(0)] public required ReadOnlyMemory<byte> Payload { get; init; }

    /// <summary>How recent the answer to a query has to be.</summary>
    [Id(1)] public ReadConsistency Consistency { get; init; }

    /// <summary>Milliseconds after which the caller no longer waits; the shard answers before that.</summary>
    [Id(2)] public int TimeoutMs { get; init; } = 5000;
}

/// <summary>How recent a read must be.</summary>
public enum ReadConsistency : byte
{
    /// <summary>It sees every write acknowledged before it began.</summary>
    Linearizable = 0,

    /// <summary>Whatever the replica beside the gateway has applied; fast, possibly stale.</summary>
    Local = 1,
}

/// <summary>How a shard's answer is to be understood.</summary>
public enum ShardStatus : byte
{
    /// <summary>The payload holds the result.</summary>
    Ok = 0,

    /// <summary>Nothing was done: there is no leader, or no majority, at present. Try again.</summary>
    Unavailable = 1,

    /// <summary>Nothing was done: queues are full. Try again later.</summary>
    Overloaded = 2,

    /// <summary>Unknown: the write was handed on and its leader was lost. Trying again is safe within a session.</summary>
    OutcomeUnknown = 3,

    /// <summary>Nothing was done: the volume of the leader is full.</summary>
    DiskFull = 4,

    /// <summary>Nothing was done: this silo has no such group.</summary>
    NoSuchGroup = 5,

    /// <summary>Nothing was done: the request cannot be understood.</summary>
    Malformed = 6,

    /// <summary>Nothing was done: the node is stopping.</summary>
    ShuttingDown = 7,
}

/// <summary>A shard's answer.</summary>
[GenerateSerializer, Immutable, Alias("lattice.shard-reply")]
public sealed class ShardReply
{
    /// <summary>How to understand it.</summary>
    [Id(0)] public required ShardStatus Status { get; init; }

    /// <summary>The encoded result when <see cref="Status"/> is <see cref="ShardStatus.Ok"/>.</summary>
    [Id(1)] public ReadOnlyMemory<byte> Payload { get; init; }

    /// <summary>What happened, what it means, what to do; empty when all went well.</summary>
    [Id(2)] public string Message { get; init; } = "";

    /// <summary>Node id of the group's leader as far as known, else 0.</summary>
    [Id(3)] public int Leader { get; init; }
}
