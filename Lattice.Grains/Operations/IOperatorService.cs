using Orleans.Services;

namespace Lattice.Grains;

/// <summary>The node's end of what operations ask of nodes. Everything may be asked twice.</summary>
[Alias("lattice.operator-service")]
public interface IOperatorService : IGrainService
{
    /// <summary>Writes a snapshot file, or tells how far that is.</summary>
    [Alias("snapshot")]
    [ResponseTimeout("00:00:05")]
    ValueTask<NodeTask> Snapshot(Guid id);

    /// <summary>Drops old entries of the log, or tells how far that is.</summary>
    [Alias("compact-log")]
    [ResponseTimeout("00:00:05")]
    ValueTask<NodeTask> CompactLog(Guid id, long keep);
}

/// <summary>How far a node is with something that takes its time.</summary>
/// <param name="IsDone">Whether it has ended.</param>
/// <param name="Failure">Why it failed and what to do; null: it did not.</param>
/// <param name="Bytes">Bytes written so far.</param>
/// <param name="Facts">What came of it.</param>
[GenerateSerializer, Immutable, Alias("lattice.node-task")]
public sealed record NodeTask(
    [property: Id(0)] bool IsDone,
    [property: Id(1)] string? Failure,
    [property: Id(2)] long Bytes,
    [property: Id(3)] IReadOnlyDictionary<string, string> Facts);
