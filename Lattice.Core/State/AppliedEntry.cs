using Lattice.Core.Consensus;

namespace Lattice.Core.State;

/// <summary>An entry that has been applied.</summary>
/// <param name="Index">Its index.</param>
/// <param name="Term">Its term.</param>
/// <param name="BatchResults">The result of each of its write batches, in order.</param>
/// <param name="Digest">Digest of the state after it (<c>docs/verification.md</c>).</param>
public sealed record AppliedEntry(ulong Index, ulong Term, IReadOnlyList<ReadOnlyMemory<byte>> BatchResults, UInt128 Digest);

/// <summary>Entries that have been executed in memory, before they are committed.</summary>
/// <param name="Entries">Each with its results.</param>
/// <param name="Effects">What was done to records, in order; valid until the commit.</param>
/// <param name="EffectEnds">For each entry how many of the effects were done by then.</param>
/// <param name="Position">The last entry.</param>
/// <param name="Revision">Revision after it.</param>
/// <param name="ClockMs">Clock after it.</param>
/// <param name="Configuration">The members, if an entry changed them.</param>
internal sealed record ExecutedEntries(
    IReadOnlyList<AppliedEntry> Entries,
    IReadOnlyList<Effect> Effects,
    IReadOnlyList<int> EffectEnds,
    LogPosition Position,
    ulong Revision,
    ulong ClockMs,
    Configuration? Configuration);
