namespace Lattice.Core.Consensus;

/// <summary>Kinds of <see cref="Message"/>. The numbers are part of the wire format.</summary>
public enum MessageKind : byte
{
    /// <summary>Asks whether an election could be won, without disturbing a working leader (dissertation, 9.6).</summary>
    PreVote = 1,

    /// <summary>Answers <see cref="PreVote"/>.</summary>
    PreVoteReply = 2,

    /// <summary>Asks for a vote.</summary>
    Vote = 3,

    /// <summary>Answers <see cref="Vote"/>.</summary>
    VoteReply = 4,

    /// <summary>Entries for a follower's log; also the probe that finds where the logs agree.</summary>
    Append = 5,

    /// <summary>Answers <see cref="Append"/>, once what it acknowledges is durable.</summary>
    AppendReply = 6,

    /// <summary>Keeps followers quiet, carries the commit index and confirms read indexes.</summary>
    Heartbeat = 7,

    /// <summary>Answers <see cref="Heartbeat"/>.</summary>
    HeartbeatReply = 8,

    /// <summary>Tells a follower that it is behind the log: a snapshot stream at <see cref="Message.Snapshot"/> follows or has been installed.</summary>
    Snapshot = 9,

    /// <summary>One chunk of a snapshot stream; handled by the replica, never by <c>RaftNode</c>.</summary>
    SnapshotChunk = 10,

    /// <summary>Acknowledges a <see cref="SnapshotChunk"/>; handled by the replica.</summary>
    SnapshotChunkReply = 11,

    /// <summary>Tells the follower that shall lead to campaign at once (dissertation, 3.10).</summary>
    TimeoutNow = 12,

    /// <summary>A follower asks the leader for a read index.</summary>
    ReadIndex = 13,

    /// <summary>Answers <see cref="ReadIndex"/>.</summary>
    ReadIndexReply = 14,

    /// <summary>A replica that is not a member under its present incarnation asks the leader to be taken in.</summary>
    Join = 15,

    /// <summary>Asks for a recovery vote: every configured replica lost its identity or must agree (complete loss).</summary>
    RecoveryVote = 16,

    /// <summary>Answers <see cref="RecoveryVote"/>.</summary>
    RecoveryVoteReply = 17,

    /// <summary>Tells a replica that it has been removed from the group.</summary>
    Removed = 18,

    /// <summary>Tells the digest of the sender's state after the entry at <see cref="Message.Index"/>, or asks for the receiver's; handled by the replica.</summary>
    Digest = 19,
}

/// <summary>
/// One message between two replicas of a group. Immutable; the fields that a kind does not use stay at their defaults.
/// </summary>
public sealed record Message
{
    /// <summary>What the message is.</summary>
    public required MessageKind Kind { get; init; }

    /// <summary>Node id of the sender.</summary>
    public int From { get; init; }

    /// <summary>
    /// Incarnation of the sender: a replica whose log was lost or restored has a new one, and nothing that an
    /// incarnation other than the configured one says counts towards a majority.
    /// </summary>
    public ulong FromIncarnation { get; init; }

    /// <summary>Node id of the receiver.</summary>
    public int To { get; init; }

    /// <summary>The sender's term; for <see cref="MessageKind.PreVote"/> the term it would campaign in; 0 for messages outside terms.</summary>
    public ulong Term { get; init; }

    /// <summary>Append: index before the first entry. AppendReply: last index acknowledged. Votes: the candidate's last index. Others: as the kind needs.</summary>
    public ulong Index { get; init; }

    /// <summary>Term of the entry at <see cref="Index"/>.</summary>
    public ulong LogTerm { get; init; }

    /// <summary>The sender's commit index; in a heartbeat never beyond what the receiver is known to hold.</summary>
    public ulong Commit { get; init; }

    /// <summary>A reply's refusal.</summary>
    public bool Reject { get; init; }

    /// <summary>
    /// Refused append: where the follower's log could agree at the latest (conflict hint). Vote requests: the incarnation of the receiver that is asked;
    /// vote replies: 1 when the sender has heard of a cluster. Heartbeat: the leader's tick, repeated by the reply. ReadIndex: tells the asker's
    /// lives apart. RecoveryVoteReply: a <see cref="RecoveryAnswerKind"/>.
    /// </summary>
    public ulong HintIndex { get; init; }

    /// <summary>
    /// Refused append: term of the follower's entry at <see cref="HintIndex"/>. Votes and their replies: term of the entry at <see cref="Commit"/>, among founders
    /// the set of founding peers. Heartbeat: the incarnation of the receiver that the leader means. RecoveryVoteReply: the sender's term.
    /// </summary>
    public ulong HintTerm { get; init; }

    /// <summary>Opaque number that a reply repeats: heartbeat rounds, reads, chunk streams. VoteReply: the candidate's incarnation. Append: 1 when no answer is wanted. Digest: 1 when the receiver's is wanted.</summary>
    public ulong Context { get; init; }

    /// <summary>The sender never belonged to a cluster: only such nodes may found one together.</summary>
    public bool Founding { get; init; }

    /// <summary>Vote requested by a leader's <see cref="MessageKind.TimeoutNow"/>: leases do not stand in its way.</summary>
    public bool Transfer { get; init; }

    /// <summary>HeartbeatReply: the sender's volume has no room for more writes, so it should not lead. Added by the replica; Raft does not look at it.</summary>
    public bool NoRoom { get; init; }

    /// <summary>Nobody waits for it: it goes with the next message for the same peer that somebody waits for, or with the next tick. Not part of the wire format.</summary>
    public bool CanWait { get; init; }

    /// <summary>Entries of an append.</summary>
    public IReadOnlyList<Entry> Entries { get; init; } = [];

    /// <summary>What the snapshot stands for.</summary>
    public SnapshotMetadata? Snapshot { get; init; }

    /// <summary>Bytes of a snapshot chunk; a digest, empty when the sender does not know it.</summary>
    public ReadOnlyMemory<byte> Data { get; init; }
}

/// <summary>What a snapshot of a group's state stands for.</summary>
/// <param name="Position">Last entry whose effect the snapshot holds.</param>
/// <param name="Configuration">The members as of that entry.</param>
public sealed record SnapshotMetadata(LogPosition Position, Configuration Configuration);
