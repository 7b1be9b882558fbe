namespace Lattice.Core.Replication;

/// <summary>What a <see cref="ReplicaHost"/> is to be. Immutable.</summary>
public sealed record ReplicaHostOptions
{
    /// <summary>The node.</summary>
    public required NodeCoreOptions Node { get; init; }

    /// <summary>Threads that run the groups (<c>worker_threads</c>).</summary>
    public int WorkerThreads { get; init; } = Environment.ProcessorCount;

    /// <summary>Bytes a second that are read in the background to check them (<c>scrub_mb_per_second</c>); 0: none.</summary>
    public long ScrubBytesPerSecond { get; init; } = 8 << 20;

    /// <summary>Longest that a stop waits for leaderships to be handed over.</summary>
    public TimeSpan HandOverTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How often it is looked whether a checkpoint is due.</summary>
    public TimeSpan CheckpointInterval { get; init; } = TimeSpan.FromSeconds(1);
}
