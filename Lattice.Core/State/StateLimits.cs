namespace Lattice.Core.State;

/// <summary>
/// Limits of commands and queries, and bounds of what a group's state keeps. Immutable. What a state machine refuses is
/// part of its replicated behaviour, so all replicas of a cluster must be given the same limits.
/// </summary>
public sealed record StateLimits
{
    /// <summary>Longest key (<c>max_key_bytes</c>), in bytes, from 1 to 65,534.</summary>
    public int MaxKeyBytes { get; init; } = 1024;

    /// <summary>Longest value (<c>max_value_bytes</c>), in bytes.</summary>
    public int MaxValueBytes { get; init; } = 1 << 20;

    /// <summary>Most conditions, and most operations, of one command (<c>max_transaction_operations</c>), from 1 to 255.</summary>
    public int MaxTransactionOperations { get; init; } = 128;

    /// <summary>Most records in one page of a scan (<c>max_scan_records</c>).</summary>
    public int MaxScanRecords { get; init; } = 1000;

    /// <summary>Most bytes of keys and values in one page of a scan, unless its first record alone has more (<c>max_scan_bytes</c>).</summary>
    public int MaxScanBytes { get; init; } = 1 << 20;

    /// <summary>Most bytes of records in the answer to one write or query batch (<c>max_result_bytes</c>).</summary>
    public int MaxResultBytes { get; init; } = 8 << 20;

    /// <summary>Most client sessions that a group remembers at a time (<c>max_sessions</c>).</summary>
    public int MaxSessions { get; init; } = 10_000;

    /// <summary>Most results that a group remembers for one session (<c>max_outstanding_per_session</c>).</summary>
    public int MaxOutstandingPerSession { get; init; } = 4096;

    /// <summary>Bytes of results above which a session has to say what may be forgotten before it gets more done (<c>max_session_result_bytes</c>).</summary>
    public int MaxSessionResultBytes { get; init; } = 16 << 20;

    /// <summary>
    /// How long a session is remembered that sends nothing (<c>session_timeout</c>), by the time that leaders stamp. A client must
    /// not repeat a command that is older than this.
    /// </summary>
    public TimeSpan SessionTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Most expired records that one entry of the log removes; those that remain are invisible and go with the next entries.</summary>
    public int MaxExpiriesPerEntry { get; init; } = 512;

    /// <summary>Most idle sessions that one entry of the log removes.</summary>
    public int MaxSessionExpiriesPerEntry { get; init; } = 64;

    internal ulong SessionTimeoutMs => (ulong)SessionTimeout.TotalMilliseconds;
}
