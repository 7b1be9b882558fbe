using Orleans.Services;

namespace Lattice.Grains;

/// <summary>The node's end of what operations ask of nodes. Everything may be asked twice.</summary>
[Alias("lattice.operator-service")]
public interface IOperatorService : IGrainService
{
    /// <summary>Writes a snapshot file, or tells how far that is.</summary>
    [Alias("snapshot")]
    [ResponseTimeout("00:00:05")]
    ValueTask<NodeTask> Snapshot(Guid id);

    /// <summary>Drops old entries of the log, or tells how far that is.</summary>
    [Alias("compact-log")]
    [ResponseTimeout("00:00:05")]
    ValueTask<NodeTask> CompactLog(Guid id, long keep);

    /// <summary>How far a backup is that this node hands out.</summary>
    [Alias("backup")]
    [ResponseTimeout("00:00:05")]
    ValueTask<NodeTask> Backup(Guid id);

    /// <summary>How this node belongs to the cluster.</summary>
    [Alias("membership")]
    [ResponseTimeout("00:00:02")]
    ValueTask<NodeMembership> Membership();

    /// <summary>Has one node lead all groups from here on; 0: they are spread again. Only where the system group is led.</summary>
    /// <returns>Whether it was agreed.</returns>
    [Alias("prefer-leader")]
    [ResponseTimeout("00:00:05")]
    ValueTask<bool> PreferLeader(int node);

    /// <summary>Remembers a node with its address, or forgets it when that is empty. Only where the system group is led.</summary>
    /// <returns>Whether it was agreed.</returns>
    [Alias("register")]
    [ResponseTimeout("00:00:05")]
    ValueTask<bool> Register(int node, string address);

    /// <summary>Raises the cluster's feature level as far as all members know. Only where the system group is led.</summary>
    /// <returns>Whether it is raised.</returns>
    [Alias("raise-level")]
    [ResponseTimeout("00:00:05")]
    ValueTask<bool> RaiseLevel();

    /// <summary>Hands a group that is led here to another node.</summary>
    [Alias("transfer-leadership")]
    [ResponseTimeout("00:00:02")]
    ValueTask TransferLeadership(uint group, int to);

    /// <summary>Proposes a change of a group's members. Only where it is led.</summary>
    /// <param name="group">The group.</param>
    /// <param name="change">What happens to the node.</param>
    /// <param name="node">The node.</param>
    /// <param name="incarnation">Its incarnation, for a learner.</param>
    [Alias("change-members")]
    [ResponseTimeout("00:00:02")]
    ValueTask ChangeMembers(uint group, MembershipStep change, int node, ulong incarnation);

    /// <summary>Has a group go on with the replica here and those that answer it.</summary>
    [Alias("force-election")]
    [ResponseTimeout("00:00:02")]
    ValueTask ForceElection(uint group);

    /// <summary>Stops this node, which was removed from the cluster.</summary>
    [Alias("leave")]
    [ResponseTimeout("00:00:02")]
    ValueTask Leave(string who);
}

/// <summary>What happens to a node in a group.</summary>
public enum MembershipStep
{
    /// <summary>It receives the log.</summary>
    Learn = 1,

    /// <summary>It leaves and is remembered as removed.</summary>
    Remove = 2,

    /// <summary>It is not remembered as removed any more.</summary>
    Readmit = 3,
}

/// <summary>How far a node is with something that takes its time.</summary>
/// <param name="IsDone">Whether it has ended.</param>
/// <param name="Failure">Why it failed and what to do; null: it did not.</param>
/// <param name="Bytes">Bytes written so far.</param>
/// <param name="Facts">What came of it.</param>
[GenerateSerializer, Immutable, Alias("lattice.node-task")]
public sealed record NodeTask(
    [property: Id(0)] bool IsDone,
    [property: Id(1)] string? Failure,
    [property: Id(2)] long Bytes,
    [property: Id(3)] IReadOnlyDictionary<string, string> Facts);
