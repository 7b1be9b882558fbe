using Lattice.Grains;

namespace Lattice.Silo.Status;

/// <summary>How one node stands.</summary>
/// <param name="Status">What it said.</param>
/// <param name="Condition">In one word.</param>
/// <param name="Role">Role in the system group, or Unreachable.</param>
/// <param name="Applied">Sum of the applied indexes of its groups.</param>
/// <param name="Lag">Sum over the groups of what the leader has committed and this node has not applied.</param>
internal sealed record NodeView(NodeStatus Status, NodeCondition Condition, string Role, ulong Applied, ulong Lag)
{
    /// <summary>Groups in which no other replica has confirmed its state since it started.</summary>
    public IReadOnlyList<uint> UnprovenGroups { get; } = [.. Status.Groups.Where(g => g.Verification is "Unproven").Select(g => g.Group)];

    /// <summary>Groups in which its state differs from another replica's.</summary>
    public IReadOnlyList<uint> DifferingGroups { get; } = [.. Status.Groups.Where(g => g.Verification is "Arbitrating" or "NoMajority" or "Diverged").Select(g => g.Group)];

    /// <summary>Whether it compares nothing: <c>[verification] enabled = false</c>.</summary>
    public bool IsUnverified { get; } = Status.Groups.Any(g => g.Verification is "Off");
}

/// <summary>A node in one word.</summary>
internal enum NodeCondition
{
    /// <summary>Up and caught up in all its groups.</summary>
    Ready,

    /// <summary>Up; some replica of it is behind, learning, recovering or without a leader.</summary>
    CatchingUp,

    /// <summary>Up and caught up, but its volume has no room: it takes no writes and leads nothing.</summary>
    NoRoom,

    /// <summary>Up; the state of a replica of it has not been confirmed by another one since it started.</summary>
    Unproven,

    /// <summary>Up; the state of a replica of it differs from another one's.</summary>
    Differs,

    /// <summary>It did not answer.</summary>
    Unreachable,
}
