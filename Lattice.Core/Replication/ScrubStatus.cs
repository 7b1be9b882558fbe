namespace Lattice.Core.Replication;

/// <summary>How far the scrub is. A round reads everything once.</summary>
/// <param name="Completed">Rounds completed since the start.</param>
/// <param name="IsRunning">Whether one is under way.</param>
/// <param name="Part">What is being read: a group's state, the log, the snapshot files; empty: nothing.</param>
/// <param name="PartsDone">Parts of the round that are done.</param>
/// <param name="Parts">Parts of a round.</param>
/// <param name="Bytes">Bytes read in the round under way, or in the last one.</param>
/// <param name="Difference">What was found to be wrong; null: nothing.</param>
public sealed record ScrubStatus(long Completed, bool IsRunning, string Part, int PartsDone, int Parts, long Bytes, string? Difference);
