using Lattice.Core.Replication;

namespace Lattice.Grains;

/// <summary>How a replica's outcome is told to callers.</summary>
internal static class ShardReplies
{
    public static ShardReply From(uint group, Outcome outcome, DiskRoom? room = null) => outcome.Kind switch
    {
        OutcomeKind.Done => new ShardReply { Status = ShardStatus.Ok, Payload = outcome.Result, Leader = outcome.Leader },
        OutcomeKind.NotLeader => Unavailable(group, outcome.Leader),
        OutcomeKind.Overloaded => new ShardReply { Status = ShardStatus.Overloaded, Leader = outcome.Leader, Message = $"Group {group} has as many requests waiting as it may; nothing was done. Try again later, or send less at once." },
        OutcomeKind.Unknown => Unknown(group, outcome.Leader),
        OutcomeKind.DiskFull => new ShardReply { Status = ShardStatus.DiskFull, Leader = outcome.Leader, Message = $"{WhoHasNoRoom(group, outcome.Leader, room)}; nothing was done. Reads go on, and writes resume by themselves when there is room: try again later. 'lattice status --verbose' shows how much each node has; 'lattice admin compact-log N 1000', removing old snapshots or a larger volume make some." },
        OutcomeKind.NoSuchGroup => new ShardReply { Status = ShardStatus.NoSuchGroup, Message = $"This node has no replica of group {group}: the cluster is not founded yet, or the shard map has changed. Nothing was done. Ask for the topology and try again." },
        OutcomeKind.Malformed => new ShardReply { Status = ShardStatus.Malformed, Message = "The request cannot be understood, or is larger than an entry of the log may be; nothing was done. Send fewer or smaller commands in one batch." },
        OutcomeKind.Diverged => new ShardReply { Status = ShardStatus.Unavailable, Leader = outcome.Leader, Message = $"The replicas of group {group} differ and no majority says which of them is right, so the group neither reads nor writes; nothing was done. See 'lattice status --verbose' and 'lattice admin incidents'." },
        OutcomeKind.ShuttingDown => new ShardReply { Status = ShardStatus.ShuttingDown, Message = "The node is stopping; nothing was done. Try again through another node." },
        _ => throw new InvalidOperationException($"A replica answered with an unknown outcome {outcome.Kind}."),
    };

    private static string WhoHasNoRoom(uint group, int leader, DiskRoom? room) => room is { IsShort: true }
        ? $"Node {leader}, which leads group {group}, has {room.FreeBytes >> 20} MiB free on the volume of {room.Directory}, less than [storage] reserve_mb = {room.ReserveBytes >> 20}, and no replica that has room could take over"
        : $"The volume of node {leader}, which leads group {group}, is full, or too few of the group's replicas have room for a majority";

    public static ShardReply Unavailable(uint group, int leader) => new()
    {
        Status = ShardStatus.Unavailable,
        Leader = leader,
        Message = $"Group {group} has no leader at present that this node can reach; nothing was done. Try again; if it lasts, 'lattice status' shows which nodes are missing for a majority.",
    };

    public static ShardReply Unknown(uint group, int leader) => new()
    {
        Status = ShardStatus.OutcomeUnknown,
        Leader = leader,
        Message = $"The leader of group {group} was lost while it had the write: it may or may not have been done. Within a session, try again with the same sequence: it is done once.",
    };
}
