using Lattice.Core.Consensus;

namespace Lattice.Core.State;

/// <summary>An entry that has been applied.</summary>
/// <param name="Index">Its index.</param>
/// <param name="Term">Its term.</param>
/// <param name="BatchResults">The result of each of its write batches, in order.</param>
public sealed record AppliedEntry(ulong Index, ulong Term, IReadOnlyList<ReadOnlyMemory<byte>> BatchResults);

/// <summary>Entries that have been executed in memory, before they are committed.</summary>
/// <param name="Entries">Each with its results.</param>
/// <param name="Effects">What was done to records, in order; valid until the commit.</param>
/// <param name="Position">The last entry.</param>
/// <param name="Revision">Revision after it.</param>
/// <param name="ClockMs">Clock after it.</param>
/// <param name="Configuration">The members, if an entry changed them.</param>
internal sealed record ExecutedEntries(
    IReadOnlyList<AppliedEntry> Entries,
    IReadOnlyList<Effect> Effects,
    LogPosition Position,
    ulong Revision,
    ulong ClockMs,
    Configuration? Configuration);
