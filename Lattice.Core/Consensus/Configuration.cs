using System.Collections.Immutable;

namespace Lattice.Core.Consensus;

/// <summary>A replica of a group, under the incarnation that counts.</summary>
/// <param name="Node">Node id, from 1.</param>
/// <param name="Incarnation">
/// Incarnation whose votes and acknowledgements count. 0 when none has been accepted yet: the member counts in the
/// size of the majority, but nothing that it says counts until the leader has taken it in.
/// </param>
public readonly record struct Member(int Node, ulong Incarnation);

/// <summary>
/// The members of a group. Immutable. In a joint configuration (dissertation, 4.3) decisions need a majority of
/// <see cref="Voters"/> and one of <see cref="OutgoingVoters"/>.
/// </summary>
public sealed record Configuration
{
    /// <summary>A group without members: a replica that knows nothing yet.</summary>
    public static Configuration Empty { get; } = new();

    /// <summary>Identity of the cluster; 0 before it is founded.</summary>
    public ulong ClusterId { get; init; }

    /// <summary>The incarnation of every voter and learner, by node id.</summary>
    public ImmutableSortedDictionary<int, ulong> Incarnations { get; init; } = ImmutableSortedDictionary<int, ulong>.Empty;

    /// <summary>Voters; in a joint configuration, those of the new half.</summary>
    public ImmutableSortedSet<int> Voters { get; init; } = [];

    /// <summary>Voters of the old half; empty unless the configuration is joint.</summary>
    public ImmutableSortedSet<int> OutgoingVoters { get; init; } = [];

    /// <summary>Members without a vote.</summary>
    public ImmutableSortedSet<int> Learners { get; init; } = [];

    /// <summary>Voters of the old half that become learners when the joint configuration is left.</summary>
    public ImmutableSortedSet<int> LearnersNext { get; init; } = [];

    /// <summary>Nodes that were removed: they are remembered, so that a stale configuration file does not bring them back.</summary>
    public ImmutableSortedSet<int> Removed { get; init; } = [];

    /// <summary>Whether two majorities are needed.</summary>
    public bool IsJoint => !OutgoingVoters.IsEmpty;

    /// <summary>Whether this is the configuration of a replica that knows nothing yet.</summary>
    public bool IsEmpty => Voters.IsEmpty;

    /// <summary>Whether the node has a vote, in either half.</summary>
    public bool IsVoter(int node) => Voters.Contains(node) || OutgoingVoters.Contains(node);

    /// <summary>Whether the node is a voter or a learner.</summary>
    public bool IsMember(int node) => IsVoter(node) || Learners.Contains(node);

    /// <summary>The incarnation of a member that counts; 0 when none has been accepted or the node is no member.</summary>
    public ulong IncarnationOf(int node) => Incarnations.GetValueOrDefault(node);

    /// <summary>Whether what this incarnation of the node says counts.</summary>
    public bool Accepts(int node, ulong incarnation) => incarnation != 0 && IsMember(node) && IncarnationOf(node) == incarnation;
}
