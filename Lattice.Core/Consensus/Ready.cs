namespace Lattice.Core.Consensus;

/// <summary>The roles of Raft, as <c>status</c> and the metrics name them.</summary>
public enum RaftRole : byte
{
    /// <summary>Follows a leader, or waits for one.</summary>
    Follower = 0,

    /// <summary>Asks whether it could win an election.</summary>
    PreCandidate = 1,

    /// <summary>Campaigns.</summary>
    Candidate = 2,

    /// <summary>Leads the group.</summary>
    Leader = 3,

    /// <summary>Receives the log but has no vote.</summary>
    Learner = 4,

    /// <summary>Lost its log or was restored: has no vote until the leader has taken it in again.</summary>
    Recovering = 5,

    /// <summary>Was removed from the group.</summary>
    Removed = 6,
}

/// <summary>A batch of reads that has become safe: it may be answered once <paramref name="Index"/> has been applied here.</summary>
/// <param name="Context">The number that <c>RaftNode.ReadIndex</c> was given.</param>
/// <param name="Index">Read index (dissertation, 6.4); 0 when the read was refused because leadership is unknown or lost.</param>
public readonly record struct ReadState(ulong Context, ulong Index)
{
    /// <summary>Whether the read cannot be served and must be asked for anew.</summary>
    public bool Refused => Index == 0;
}

/// <summary>
/// What <c>RaftNode</c> wants done. The order is the caller's contract: append <see cref="Entries"/> and
/// <see cref="HardState"/> to storage in one atomic write (an entry may be durable only with the commit index that came with it), send <see cref="Messages"/> at once, and send <see cref="MessagesAfterPersist"/>
/// when that append is durable; apply <see cref="Committed"/> at any time after.
/// </summary>
public sealed record Ready
{
    /// <summary>New hard state, when it changed since the last <see cref="Ready"/>.</summary>
    public HardState? HardState { get; init; }

    /// <summary>Whether <see cref="Entries"/> or a changed term or vote have to be made durable (a changed commit index alone has not).</summary>
    public bool MustSync { get; init; }

    /// <summary>Entries to append. The first one may lie within the log: everything from its index on is replaced.</summary>
    public IReadOnlyList<Entry> Entries { get; init; } = [];

    /// <summary>Messages that promise nothing about this replica's disk.</summary>
    public IReadOnlyList<Message> Messages { get; init; } = [];

    /// <summary>Messages that promise what this <see cref="Ready"/> asks to persist: votes and append acknowledgements.</summary>
    public IReadOnlyList<Message> MessagesAfterPersist { get; init; } = [];

    /// <summary>Entries to apply, in order: committed, durable on this replica, not handed out before.</summary>
    public IReadOnlyList<Entry> Committed { get; init; } = [];

    /// <summary>Reads that have become safe or were refused.</summary>
    public IReadOnlyList<ReadState> Reads { get; init; } = [];

    /// <summary>Replicas that asked to be taken in under a new incarnation; only a leader reports them.</summary>
    public IReadOnlyList<Member> JoinRequests { get; init; } = [];
}
