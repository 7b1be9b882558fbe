namespace Lattice.Core.Verification;

/// <summary>
/// What a <see cref="TraceEvent"/> tells. The numbers travel between nodes and never change their meaning. Named for each kind is what its fields
/// hold beside the term; what is not named is 0.
/// </summary>
public enum TraceKind : byte
{
    /// <summary>None: a place that nothing was written to.</summary>
    None = 0,

    /// <summary>The process began. First: incarnation. Second: entries that recovery found in the log.</summary>
    Boot = 1,

    /// <summary>A replica began its work. Index: applied. First: last index of its log. Second: commit index.</summary>
    ReplicaOpened = 2,

    /// <summary>This replica gave its vote. Peer: to whom. Index, First: index and term of the last entry here.</summary>
    VoteCast = 10,

    /// <summary>This replica refused its vote. Peer: to whom. First: 1 when it was only asked whether it would.</summary>
    VoteRefused = 11,

    /// <summary>A vote came. Peer: whose. First: 1 when it only said that it would be given.</summary>
    VoteReceived = 12,

    /// <summary>A refusal came. Peer: whose. First: 1 when it only said that the vote would not be given.</summary>
    VoteDenied = 13,

    /// <summary>This replica follows. Peer: its leader, 0 when it knows none.</summary>
    BecameFollower = 20,

    /// <summary>This replica campaigns. Index: last entry here. First: 1 while it only asks whether it could win.</summary>
    BecameCandidate = 21,

    /// <summary>This replica leads. Index: last entry here.</summary>
    BecameLeader = 22,

    /// <summary>This replica has no vote. First: its role as a number.</summary>
    BecameNonVoter = 23,

    /// <summary>This replica learnt who leads. Peer: the leader, 0: nobody any more.</summary>
    LeaderLearnt = 24,

    /// <summary>The leader appended a batch of its own. Index: last entry. First: first entry.</summary>
    Appended = 30,

    /// <summary>A follower was sent entries. Peer: the leader. Index: last entry. First: first entry.</summary>
    AppendReceived = 31,

    /// <summary>A follower refused entries, since its log does not hold the one before them. Peer: the leader. Index: the entry that is missing. First: where the logs may agree.</summary>
    AppendRefused = 32,

    /// <summary>The leader hears that a follower refused. Peer: the follower. Index, First: as for <see cref="AppendRefused"/>.</summary>
    AppendDenied = 33,

    /// <summary>More is committed. Index: up to where. First: up to where it was before.</summary>
    CommitAdvanced = 34,

    /// <summary>A batch was applied. Index, Term: its last entry. First: its first entry.</summary>
    Applied = 35,

    /// <summary>A configuration was applied. Index: its entry. First: voters. Second: learners.</summary>
    ConfigurationApplied = 36,

    /// <summary>Writes were turned away. First: how many. Second: a <see cref="RefusalCause"/>.</summary>
    ProposalRefused = 37,

    /// <summary>A snapshot stream to a follower began. Peer: the follower. Index: last entry that it holds.</summary>
    SnapshotSent = 40,

    /// <summary>The follower has taken the whole stream. Peer: the follower.</summary>
    SnapshotDelivered = 41,

    /// <summary>A stream to a follower, or from the leader, failed. Peer: the other end.</summary>
    SnapshotFailed = 42,

    /// <summary>A snapshot stream from the leader began. Peer: the leader. Index: last entry that it holds.</summary>
    SnapshotBegun = 43,

    /// <summary>The snapshot is the state now. Index, Term: last entry that it holds.</summary>
    SnapshotInstalled = 44,

    /// <summary>This replica's digest is the same as another one's. Peer: whose. Index: at which entry. First: its low half.</summary>
    DigestAgreed = 50,

    /// <summary>This replica's digest is another than a peer's. Peer: whose. Index: at which entry. First, Second: the low halves of the own and the other one.</summary>
    DigestDiffered = 51,

    /// <summary>A frame was dropped because it was damaged or not understood. Peer: who it says it is from. First: its bytes.</summary>
    FrameDropped = 60,

    /// <summary>A rule was broken that always holds. First: the <see cref="Invariant"/>. Peer: whose message showed it; 0: nobody's.</summary>
    InvariantViolated = 61,

    /// <summary>An operator has a fault injected. First: a <see cref="DrillKind"/>.</summary>
    Drill = 62,

    /// <summary>This replica serves nothing any more. Index: last entry that it had applied.</summary>
    Fence = 63,
}

/// <summary>Why writes were turned away.</summary>
public enum RefusalCause : byte
{
    /// <summary>Another replica leads, or none.</summary>
    NotLeader = 1,

    /// <summary>The volume of the log or of the state is full.</summary>
    DiskFull = 2,

    /// <summary>Too much is uncommitted.</summary>
    Overloaded = 3,
}
