namespace Lattice.Core.Upgrade;

/// <summary>Feature levels that a binary can work at.</summary>
/// <param name="Oldest">The lowest, at least 1: that of the version before it, so that the two can run side by side.</param>
/// <param name="Newest">The highest.</param>
public readonly record struct LevelRange(int Oldest, int Newest);
