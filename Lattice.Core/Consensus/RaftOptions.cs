namespace Lattice.Core.Consensus;

/// <summary>How one replica takes part in its group. Immutable; times are in ticks of the caller's clock.</summary>
public sealed record RaftOptions
{
    /// <summary>Node id of this replica, from 1.</summary>
    public required int Node { get; init; }

    /// <summary>
    /// Incarnation of this replica, not 0. It changes whenever what the replica promised (votes, acknowledged entries) may be
    /// lost; nothing that an incarnation other than the configured one says counts.
    /// </summary>
    public required ulong Incarnation { get; init; }

    /// <summary>Source of the random election timeouts.</summary>
    public required Random Random { get; init; }

    /// <summary>
    /// Nodes of the configuration file, this one included. They are asked when the leader is unknown and, with the voters, have to
    /// agree before a group is recovered. May be empty: then only the group's members are known.
    /// </summary>
    public IReadOnlyList<int> Peers { get; init; } = [];

    /// <summary>Nodes that may found the group together, this one included; empty when this node ever belonged to a cluster.</summary>
    public IReadOnlyList<int> FoundingPeers { get; init; } = [];

    /// <summary>Identity that the cluster gets should this node lead its founding; random, not 0.</summary>
    public ulong FoundingClusterId { get; init; }

    /// <summary>Shortest election timeout, in ticks, at least 2; each timeout is drawn from [ElectionTicks, 2 * ElectionTicks).</summary>
    public int ElectionTicks { get; init; } = 10;

    /// <summary>Ticks between heartbeats, less than <see cref="ElectionTicks"/>.</summary>
    public int HeartbeatTicks { get; init; } = 1;

    /// <summary>Most entries in one append.</summary>
    public int MaxEntriesPerAppend { get; init; } = 100;

    /// <summary>Bytes of entries at which an append is full; a single larger entry still goes out, alone.</summary>
    public int MaxBytesPerAppend { get; init; } = 1 << 20;

    /// <summary>Most appends under way to one follower.</summary>
    public int MaxInflightAppends { get; init; } = 64;

    /// <summary>Bytes of entries under way to one follower at which sending pauses.</summary>
    public long MaxInflightBytes { get; init; } = 16 << 20;

    /// <summary>Bytes of the leader's entries that are not applied yet at which proposals are refused; a first one is always taken.</summary>
    public long MaxUncommittedBytes { get; init; } = 64 << 20;

    /// <summary>Bytes of committed entries that one <see cref="Ready"/> hands out for applying.</summary>
    public int MaxCommittedBytes { get; init; } = 4 << 20;

    /// <summary>Reads that may wait for their read index in this replica; further ones are refused.</summary>
    public int MaxPendingReads { get; init; } = 8192;

    /// <summary>
    /// Whether a leader answers reads from its lease instead of asking a majority. All members must agree on it: it makes
    /// followers keep the promise that the lease rests on. Needs clocks that tick at nearly the same rate (dissertation, 6.4.1).
    /// </summary>
    public bool LeaseReads { get; init; }

    /// <summary>
    /// Ticks for which a heartbeat that a majority answered entitles the leader to answer reads by itself: shorter than the election
    /// timeout for which those followers refuse their vote, by a fifth and at least 2 ticks, for clocks that drift.
    /// </summary>
    internal int LeaseTicks => ElectionTicks - Math.Max(2, ElectionTicks / 5);

    /// <summary>Throws when a value is out of its range.</summary>
    internal static void Validate(RaftOptions options)
    {
        Require(nameof(Node), options.Node, 1);
        Require(nameof(Incarnation), options.Incarnation > 0 ? 1 : 0, 1);
        Require(nameof(HeartbeatTicks), options.HeartbeatTicks, 1);
        Require(nameof(ElectionTicks), options.ElectionTicks, options.HeartbeatTicks + 1);
        Require(nameof(MaxEntriesPerAppend), options.MaxEntriesPerAppend, 1);
        Require(nameof(MaxBytesPerAppend), options.MaxBytesPerAppend, 1);
        Require(nameof(MaxInflightAppends), options.MaxInflightAppends, 1);
        Require(nameof(MaxInflightBytes), options.MaxInflightBytes, 1);
        Require(nameof(MaxUncommittedBytes), options.MaxUncommittedBytes, 1);
        Require(nameof(MaxCommittedBytes), options.MaxCommittedBytes, 1);
        Require(nameof(MaxPendingReads), options.MaxPendingReads, 1);

        void Require(string name, long value, long least)
        {
            if (value < least)
            {
                throw new ArgumentException($"{name} is {value}; it has to be at least {least}.", nameof(options));
            }
        }
    }
}
