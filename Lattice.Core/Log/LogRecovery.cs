namespace Lattice.Core.Log;

/// <summary>What opening a write-ahead log found.</summary>
public sealed record LogRecovery
{
    /// <summary>Whether there was no log and a new one was begun. A node that has an identity but no log has lost what it promised.</summary>
    public bool Created { get; init; }

    /// <summary>Identity of the log, see <see cref="LogOptions.NewLogId"/>.</summary>
    public ulong LogId { get; init; }

    /// <summary>Segments with records.</summary>
    public int Segments { get; init; }

    /// <summary>Records read.</summary>
    public long Records { get; init; }

    /// <summary>Entries read, replaced and compacted ones included.</summary>
    public long Entries { get; init; }

    /// <summary>Bytes read.</summary>
    public long BytesRead { get; init; }

    /// <summary>Bytes of the torn tail that were cut; 0 when the log ended cleanly.</summary>
    public long TornBytes { get; init; }

    /// <summary>Segment that the torn tail was cut from.</summary>
    public string? TornFile { get; init; }

    /// <summary>Offset at which the torn tail began.</summary>
    public long TornOffset { get; init; }
}
