using Lattice.Core.Consensus;

namespace Lattice.Core.Verification;

/// <summary>
/// Tells the <see cref="CausalTrace"/> what one replica does, from what goes into it, what comes out and how it stands in between. Used by the
/// replica's loop only.
/// </summary>
internal sealed class ReplicaTrace(CausalTrace trace, uint group)
{
    // Detail of what concerns only the question whether somebody could win.
    private const ulong Asking = 1;

    private ulong term;
    private int vote;
    private int leader;
    private ulong commit;
    private RaftRole role;
    private ulong stream;

    /// <summary>The replica begins.</summary>
    public void Opened(RaftNode raft)
    {
        (term, vote, leader, commit, role) = (raft.Term, raft.Vote, raft.Leader, raft.Commit, raft.Role);
        Record(TraceKind.ReplicaOpened, term, raft.AppliedIndex, first: raft.LastIndex, second: raft.Commit);
    }

    /// <summary>A message is about to be taken.</summary>
    public void Receives(Message message)
    {
        switch (message.Kind)
        {
            case MessageKind.VoteReply:
            case MessageKind.RecoveryVoteReply when message.Term != 0:
                Record(message.Reject ? TraceKind.VoteDenied : TraceKind.VoteReceived, message.Term, peer: message.From);
                break;
            case MessageKind.PreVoteReply:
                Record(message.Reject ? TraceKind.VoteDenied : TraceKind.VoteReceived, message.Term, peer: message.From, first: Asking);
                break;
            case MessageKind.Append when message.Entries.Count > 0:
                Record(TraceKind.AppendReceived, message.Term, message.Entries[^1].Index, message.From, message.Entries[0].Index);
                break;
            case MessageKind.AppendReply when message.Reject:
                Record(TraceKind.AppendDenied, message.Term, message.Index, message.From, message.HintIndex);
                break;
            case MessageKind.SnapshotChunk when message.Snapshot is not null && message.Context != stream:
                stream = message.Context;
                Record(TraceKind.SnapshotBegun, message.Term, message.Snapshot.Position.Index, message.From);
                break;
            default:
                // Seen by what it changes, if anything.
                break;
        }
    }

    /// <summary>A message is about to be sent.</summary>
    public void Sends(Message message)
    {
        switch (message.Kind)
        {
            case MessageKind.VoteReply when message.Reject:
            case MessageKind.RecoveryVoteReply when message.Reject && message.Term != 0:
                Record(TraceKind.VoteRefused, message.Term, peer: message.To);
                break;
            case MessageKind.PreVoteReply when message.Reject:
                Record(TraceKind.VoteRefused, message.Term, peer: message.To, first: Asking);
                break;
            case MessageKind.AppendReply when message.Reject:
                Record(TraceKind.AppendRefused, message.Term, message.Index, message.To, message.HintIndex);
                break;
            case MessageKind.SnapshotChunkReply when message.Reject:
                Record(TraceKind.SnapshotFailed, message.Term, peer: message.To);
                break;
            default:
                // Tells nothing that is not seen elsewhere.
                break;
        }
    }

    /// <summary>Something may have changed: records what did.</summary>
    public void Stands(RaftNode raft)
    {
        bool newTerm = raft.Term != term;
        term = raft.Term;
        int nowVote = raft.Vote;
        if (nowVote != 0 && (newTerm || nowVote != vote))
        {
            LogPosition last = raft.LastPosition;
            Record(TraceKind.VoteCast, term, last.Index, nowVote, last.Term);
        }

        vote = nowVote;
        RaftRole nowRole = raft.Role;
        int nowLeader = raft.Leader;
        if (nowRole != role || (newTerm && nowRole is RaftRole.Candidate or RaftRole.Leader))
        {
            role = nowRole;
            RecordRole(raft);
        }
        else if (nowLeader != leader || (newTerm && nowLeader != 0))
        {
            Record(TraceKind.LeaderLearnt, term, peer: nowLeader);
        }

        leader = nowLeader;
        if (raft.Commit != commit)
        {
            Record(TraceKind.CommitAdvanced, term, raft.Commit, first: commit);
            commit = raft.Commit;
        }
    }

    /// <summary>Entries of this leader come into its log.</summary>
    public void Appends(IReadOnlyList<Entry> entries) => Record(TraceKind.Appended, term, entries[^1].Index, first: entries[0].Index);

    /// <summary>Entries have been applied.</summary>
    public void Applied(IReadOnlyList<Entry> entries, Configuration configuration)
    {
        for (int i = 0; i < entries.Count; i++)
        {
            if (entries[i].Kind == EntryKind.Configuration)
            {
                Record(TraceKind.ConfigurationApplied, entries[i].Term, entries[i].Index, first: (ulong)configuration.Voters.Count, second: (ulong)configuration.Learners.Count);
            }
        }

        Record(TraceKind.Applied, entries[^1].Term, entries[^1].Index, first: entries[0].Index);
    }

    /// <summary>Writes are turned away.</summary>
    public void Refuses(int writes, RefusalCause cause)
    {
        if (writes > 0)
        {
            Record(TraceKind.ProposalRefused, term, first: (ulong)writes, second: (ulong)cause);
        }
    }

    /// <summary>A snapshot stream to a follower begins.</summary>
    public void Streams(int to, ulong upTo) => Record(TraceKind.SnapshotSent, term, upTo, to);

    /// <summary>A snapshot stream to a follower has ended.</summary>
    public void Streamed(int to, bool delivered) => Record(delivered ? TraceKind.SnapshotDelivered : TraceKind.SnapshotFailed, term, peer: to);

    /// <summary>A snapshot has become the state.</summary>
    public void Installed(LogPosition position) => Record(TraceKind.SnapshotInstalled, position.Term, position.Index);

    /// <summary>The digest was compared with a peer's.</summary>
    public void Compared(int peer, LogPosition entry, UInt128 own, UInt128 other, bool agrees) =>
        Record(agrees ? TraceKind.DigestAgreed : TraceKind.DigestDiffered, entry.Term, entry.Index, peer, (ulong)own, agrees ? 0 : (ulong)other);

    /// <summary>An operator injects a fault.</summary>
    public void Drilled(DrillKind kind) => Record(TraceKind.Drill, term, first: (ulong)kind);

    /// <summary>The replica serves nothing any more.</summary>
    public void Fenced(LogPosition applied) => Record(TraceKind.Fence, applied.Term, applied.Index);

    /// <summary>A rule is broken.</summary>
    public void Violated(InvariantViolationException violation) => Record(TraceKind.InvariantViolated, term, peer: violation.Peer, first: (ulong)violation.Rule);

    private void RecordRole(RaftNode raft)
    {
        switch (role)
        {
            case RaftRole.Leader:
                Record(TraceKind.BecameLeader, term, raft.LastIndex);
                break;
            case RaftRole.Candidate:
                Record(TraceKind.BecameCandidate, term, raft.LastIndex);
                break;
            case RaftRole.PreCandidate:
                Record(TraceKind.BecameCandidate, term, raft.LastIndex, first: Asking);
                break;
            case RaftRole.Follower:
                Record(TraceKind.BecameFollower, term, peer: raft.Leader);
                break;
            default:
                Record(TraceKind.BecameNonVoter, term, first: (ulong)role);
                break;
        }
    }

    private void Record(TraceKind kind, ulong inTerm, ulong index = 0, int peer = 0, ulong first = 0, ulong second = 0) =>
        trace.Record(kind, group, inTerm, index, peer, first, second);
}
