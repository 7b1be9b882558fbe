using System.Globalization;
using Lattice.Core.Consensus;

namespace Lattice.Core.Verification;

/// <summary>Events as sentences.</summary>
internal static class TraceText
{
    public static string Describe(TraceEvent told) => told.Kind switch
    {
        TraceKind.Boot => Text($"the process begins, incarnation {told.First:x}, {told.Second} entries in the log"),
        TraceKind.ReplicaOpened => Text($"the replica begins in term {told.Term}, applied {told.Index}, committed {told.Second}, log up to {told.First}"),
        TraceKind.VoteCast when told.Peer == told.Node => Text($"votes for itself in term {told.Term}; its log ends at entry {told.Index} of term {told.First}"),
        TraceKind.VoteCast => Text($"votes for node {told.Peer} in term {told.Term}; its log ends at entry {told.Index} of term {told.First}"),
        TraceKind.VoteRefused when told.First == 1 => Text($"would not vote for node {told.Peer}; it is in term {told.Term}"),
        TraceKind.VoteRefused => Text($"refuses node {told.Peer} its vote in term {told.Term}"),
        TraceKind.VoteReceived when told.First == 1 => Text($"hears that node {told.Peer} would vote for it in term {told.Term}"),
        TraceKind.VoteReceived => Text($"has the vote of node {told.Peer} in term {told.Term}"),
        TraceKind.VoteDenied when told.First == 1 => Text($"hears that node {told.Peer}, in term {told.Term}, would not vote for it"),
        TraceKind.VoteDenied => Text($"is refused the vote of node {told.Peer} in term {told.Term}"),
        TraceKind.BecameFollower when told.Peer == 0 => Text($"becomes a follower in term {told.Term} and knows no leader"),
        TraceKind.BecameFollower => Text($"becomes a follower of node {told.Peer} in term {told.Term}"),
        TraceKind.BecameCandidate when told.First == 1 => Text($"asks in term {told.Term} whether it could win an election; its log ends at entry {told.Index}"),
        TraceKind.BecameCandidate => Text($"campaigns in term {told.Term}; its log ends at entry {told.Index}"),
        TraceKind.BecameLeader => Text($"leads term {told.Term}; its log ends at entry {told.Index}"),
        TraceKind.BecameNonVoter => Text($"has no vote in term {told.Term}: it is {(RaftRole)told.First}"),
        TraceKind.LeaderLearnt when told.Peer == 0 => Text($"knows no leader any more in term {told.Term}"),
        TraceKind.LeaderLearnt => Text($"learns that node {told.Peer} leads term {told.Term}"),
        TraceKind.Appended => Text($"appends {Entries(told)} in term {told.Term}"),
        TraceKind.AppendReceived => Text($"receives {Entries(told)} from node {told.Peer} in term {told.Term}"),
        TraceKind.AppendRefused => Text($"refuses what node {told.Peer} sends after entry {told.Index} in term {told.Term}: the logs agree up to entry {told.First} at most"),
        TraceKind.AppendDenied => Text($"hears that the log of node {told.Peer} does not hold entry {told.Index}: the logs agree up to entry {told.First} at most"),
        TraceKind.CommitAdvanced => Text($"knows that everything up to entry {told.Index} is committed, in term {told.Term}; before it was {told.First}"),
        TraceKind.Applied => Text($"applies {Entries(told)}, the last one of term {told.Term}"),
        TraceKind.ConfigurationApplied => Text($"applies the configuration of entry {told.Index}: {told.First} voters, {told.Second} learners"),
        TraceKind.ProposalRefused => Text($"turns {told.First} writes away: {Cause((RefusalCause)told.Second)}"),
        TraceKind.SnapshotSent => Text($"begins to send node {told.Peer} a snapshot up to entry {told.Index}"),
        TraceKind.SnapshotDelivered => Text($"hears that node {told.Peer} has the snapshot"),
        TraceKind.SnapshotFailed => Text($"gives up the snapshot stream between it and node {told.Peer}"),
        TraceKind.SnapshotBegun => Text($"begins to take in a snapshot of node {told.Peer} up to entry {told.Index}"),
        TraceKind.SnapshotInstalled => Text($"has installed a snapshot up to entry {told.Index} of term {told.Term}"),
        TraceKind.DigestAgreed => Text($"has the same digest as node {told.Peer} at entry {told.Index}: {told.First:x16}"),
        TraceKind.DigestDiffered => Text($"HAS ANOTHER DIGEST than node {told.Peer} at entry {told.Index}: {told.First:x16}, there {told.Second:x16}"),
        TraceKind.FrameDropped => Text($"drops a frame of {told.First} bytes that says it is from node {told.Peer}: it is damaged or of an unknown version"),
        TraceKind.InvariantViolated when told.Peer != 0 => Text($"SEES A RULE BROKEN in term {told.Term}, by a message of node {told.Peer}: {(Invariant)told.First}"),
        TraceKind.InvariantViolated => Text($"SEES A RULE BROKEN in term {told.Term}: {(Invariant)told.First}"),
        TraceKind.Drill => Text($"DRILL: is told to inject a fault of kind {(DrillKind)told.First}"),
        TraceKind.Fence => Text($"IS FENCED after entry {told.Index}: it serves nothing any more"),
        _ => Text($"an event of kind {(byte)told.Kind}, which this version does not know: node {told.Peer}, index {told.Index}, term {told.Term}, {told.First}, {told.Second}"),
    };

    private static string Entries(TraceEvent told) => told.First == told.Index ? Text($"entry {told.Index}") : Text($"entries {told.First} to {told.Index}");

    private static string Cause(RefusalCause cause) => cause switch
    {
        RefusalCause.NotLeader => "it does not lead",
        RefusalCause.DiskFull => "its disk is full",
        RefusalCause.Overloaded => "too much is uncommitted",
        _ => "for a reason that this version does not know",
    };

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
