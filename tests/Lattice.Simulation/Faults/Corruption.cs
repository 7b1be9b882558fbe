namespace Lattice.Simulation.Faults;

/// <summary>Something that was corrupted on a machine and has not been noticed yet.</summary>
/// <param name="Kind">One of <see cref="CorruptionKinds"/>.</param>
/// <param name="IsThere">Whether it can still do harm: what was overwritten, or forgotten in a restart, cannot.</param>
internal sealed record Corruption(string Kind, Func<bool> IsThere);

/// <summary>What can be corrupted. The names stand in the summary.</summary>
internal static class CorruptionKinds
{
    public const string StoredBit = "a bit of a stored row flips";
    public const string LostRow = "a stored row is lost";
    public const string AppliedIndex = "the applied index is ahead of the data";
    public const string CachedBit = "a bit of a cached record flips";
    public const string ExecutedBit = "a bit of an executed record flips";
    public const string Command = "a command does something else on one node";
    public const string EntryBit = "a bit of an entry in memory flips";
    public const string Message = "a message breaks a rule";

    /// <summary>Each kind, and what it is part of.</summary>
    public static IReadOnlyList<(string Kind, string Part)> All { get; } =
    [
        (StoredBit, "state"),
        (LostRow, "state"),
        (AppliedIndex, "state"),
        (CachedBit, "cache"),
        (ExecutedBit, "execution"),
        (Command, "execution"),
        (EntryBit, "log"),
        (Message, "messages"),
    ];
}
