namespace Lattice.Core.Verification;

/// <summary>What a node that was found to be wrong asks the others, and itself, before it stops.</summary>
/// <param name="Group">The group; null: the node as a whole is concerned.</param>
/// <param name="Kind">What was found.</param>
/// <param name="DigestAt">Entry after which the digests are compared; 0: none.</param>
/// <param name="Entry">Entry at which it was found; 0: none.</param>
/// <param name="Keys">Records that differ.</param>
public sealed record TestimonyQuestion(uint? Group, DivergenceKind Kind, ulong DigestAt, ulong Entry, IReadOnlyList<ReadOnlyMemory<byte>> Keys);

/// <summary>What a node says to that of itself.</summary>
/// <param name="Node">What it runs.</param>
/// <param name="Digest">Digest of its state after the entry that was asked for; null: it has not come there, or has left it behind.</param>
/// <param name="EntryHash">Hash of the entry at which it was found, as it is in its log; null: it is not there.</param>
/// <param name="IsAffected">Whether it has the same fault.</param>
public sealed record Testimony(ReportedNode Node, UInt128? Digest, UInt128? EntryHash, bool IsAffected);
