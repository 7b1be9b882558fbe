namespace Lattice.Core.Log;

/// <summary>Settings of a node's write-ahead log.</summary>
public sealed record LogOptions
{
    /// <summary>Largest settable <see cref="SegmentBytes"/>: offsets within a segment are 32-bit numbers.</summary>
    public const long MaxSegmentBytes = 1L << 30;

    /// <summary>Smallest settable <see cref="SegmentBytes"/>.</summary>
    public const long MinSegmentBytes = 4096;

    /// <summary>Size of a segment file (<c>max_wal_size_mb</c>). A record that does not fit gets a larger segment of its own.</summary>
    public long SegmentBytes { get; init; } = 64L << 20;

    /// <summary>
    /// Whether a record counts as durable only after <c>fdatasync</c> (<c>sync_on_write</c>). If not, it counts as soon as
    /// it is written, survives the death of the process, and is lost with the machine for up to <see cref="SyncInterval"/>.
    /// </summary>
    public bool SyncOnWrite { get; init; } = true;

    /// <summary>Longest time between two syncs in the background when <see cref="SyncOnWrite"/> is off, and longest time that a record nobody waits for stays in memory.</summary>
    public TimeSpan SyncInterval { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Payload bytes of recent entries kept in memory, for all groups of the node together. Entries not yet written stay regardless.</summary>
    public long EntryCacheBytes { get; init; } = 32L << 20;

    /// <summary>
    /// Identity given to a log that is created (an existing one keeps its own). It enters every checksum, so that bytes
    /// of another log, stored as a value in this one, are never taken for records. Any random number.
    /// </summary>
    public ulong NewLogId { get; init; }

    internal static void Validate(LogOptions options)
    {
        if (options.SegmentBytes is < MinSegmentBytes or > MaxSegmentBytes)
        {
            throw new ArgumentOutOfRangeException(nameof(options), options.SegmentBytes, $"A log segment has {MinSegmentBytes} to {MaxSegmentBytes} bytes.");
        }

        if (options.SyncInterval < TimeSpan.Zero || options.EntryCacheBytes < 0)
        {
            throw new ArgumentOutOfRangeException(nameof(options), options, "The log's sync interval and entry cache must not be negative.");
        }
    }
}
