using Lattice.Core.Consensus;

namespace Lattice.Core.Verification;

/// <summary>Which check found that something is not what it has to be.</summary>
public enum DivergenceKind
{
    /// <summary>A stored record's own hash does not vouch for it.</summary>
    RecordChecksum,

    /// <summary>A cached record's own hash does not vouch for it.</summary>
    CacheChecksum,

    /// <summary>A cached record is not the stored one.</summary>
    CacheDifference,

    /// <summary>State machine and reference model do not agree on what an entry does.</summary>
    Effects,

    /// <summary>The digest is not that of the other replicas at the same entry.</summary>
    PeerDigest,

    /// <summary>The digest computed from the rows is not the stored one.</summary>
    StoredDigest,

    /// <summary>An entry of the log changed between its proposal and its application.</summary>
    EntryChecksum,

    /// <summary>A record of a sealed segment is damaged.</summary>
    LogSegment,

    /// <summary>A snapshot file is damaged.</summary>
    SnapshotFile,

    /// <summary>A rule of the protocol is broken.</summary>
    Invariant,
}

/// <summary>What was under way when it was found.</summary>
public enum DivergencePhase
{
    /// <summary>The node was starting.</summary>
    Boot,

    /// <summary>Committed entries were being applied.</summary>
    Apply,

    /// <summary>A read was being answered.</summary>
    Read,

    /// <summary>Stored data was being read to check it.</summary>
    Scrub,

    /// <summary>Digests were being compared with other replicas.</summary>
    Exchange,

    /// <summary>A snapshot was being made or taken in.</summary>
    Snapshot,

    /// <summary>Entries were being written to the log, or taken from it to be sent or applied.</summary>
    Log,
}

/// <summary>A record that is not as it has to be.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Own">The record's row as this replica has it; null: it has none.</param>
/// <param name="Expected">The row as it has to be; null: there must be none, or it is not known.</param>
/// <param name="IsExpectedKnown">Whether <paramref name="Expected"/> says anything.</param>
public sealed record DivergentRecord(ReadOnlyMemory<byte> Key, ReadOnlyMemory<byte>? Own, ReadOnlyMemory<byte>? Expected, bool IsExpectedKnown)
{
    /// <summary>The record's row as this replica has it; null: it has none.</summary>
    public ReadOnlyMemory<byte>? Own { get; init; } = OrNone(Own);

    /// <summary>The row as it has to be; null: there must be none, or it is not known.</summary>
    public ReadOnlyMemory<byte>? Expected { get; init; } = OrNone(Expected);

    // An array that is null becomes a memory that is empty, and no row is.
    private static ReadOnlyMemory<byte>? OrNone(ReadOnlyMemory<byte>? row) => row is { IsEmpty: false } ? row : null;
}

/// <summary>What was established about the fault right after it was found; null: not known.</summary>
public sealed record DivergenceChecks
{
    /// <summary>Reading again from the disk gave a record that is right.</summary>
    public bool? ReadRepeatedAgrees { get; init; }

    /// <summary>Executing the entry again gave what the reference model says.</summary>
    public bool? ExecutionRepeatedAgrees { get; init; }

    /// <summary>The cached copy is the stored one.</summary>
    public bool? CacheAgreesWithStore { get; init; }

    /// <summary>The stored digest is that of the stored rows.</summary>
    public bool? StoredDigestAgreesWithRows { get; init; }

    /// <summary>The stored records' own hashes vouch for them.</summary>
    public bool? RecordChecksumsHold { get; init; }

    /// <summary>State machine and reference model agreed on the entry.</summary>
    public bool? ModelAgreed { get; init; }

    /// <summary>The entry has the same bytes in the logs of other replicas.</summary>
    public bool? SameEntryBytesOnPeers { get; init; }

    /// <summary>The entry, read again from the own log on the disk, is the one that was written.</summary>
    public bool? EntryOnDiskAgrees { get; init; }

    /// <summary>Other replicas that the same fault was found on.</summary>
    public int? OtherReplicasAffected { get; init; }
}

/// <summary>Digest of a replica at one entry.</summary>
/// <param name="Node">The node.</param>
/// <param name="Index">Index of the entry.</param>
/// <param name="Digest">Digest of the state after it.</param>
public readonly record struct ReplicaDigest(int Node, ulong Index, UInt128 Digest);

/// <summary>A bucket whose digest is not what it has to be.</summary>
/// <param name="Bucket">Its number.</param>
/// <param name="Own">Digest of the rows that this replica has in it, of <see cref="DivergenceKind.StoredDigest"/> the one that is stored for it; null: not known.</param>
/// <param name="Expected">Digest that it has to have, of <see cref="DivergenceKind.StoredDigest"/> the one of its rows; null: not known.</param>
public readonly record struct DivergentBucket(int Bucket, UInt128? Own = null, UInt128? Expected = null);

/// <summary>Something that is not what it has to be: what a check knew the moment it found it.</summary>
public sealed record Divergence
{
    /// <summary>The check.</summary>
    public required DivergenceKind Kind { get; init; }

    /// <summary>What was under way.</summary>
    public required DivergencePhase Phase { get; init; }

    /// <summary>The group; null: what is wrong belongs to the node as a whole, as its files do.</summary>
    public required uint? Group { get; init; }

    /// <summary>What was found, in a sentence.</summary>
    public required string Message { get; init; }

    /// <summary>The entry at which it was found; index 0: none.</summary>
    public LogPosition Entry { get; init; }

    /// <summary>How it is known that this replica is the wrong one.</summary>
    public DivergenceVerdict Verdict { get; init; } = DivergenceVerdict.SelfEvident;

    /// <summary>Buckets whose digests differ.</summary>
    public IReadOnlyList<DivergentBucket> Buckets { get; init; } = [];

    /// <summary>Records that differ.</summary>
    public IReadOnlyList<DivergentRecord> Records { get; init; } = [];

    /// <summary>Records as they were about to be written, when it was found before the commit; which of them are wrong is not known.</summary>
    public IReadOnlyList<DivergentRecord> Uncommitted { get; init; } = [];

    /// <summary>Digest that this replica's state has, or would have had, after <see cref="Entry"/>; null: not known.</summary>
    public UInt128? OwnDigest { get; init; }

    /// <summary>Digests of the replicas that were compared.</summary>
    public IReadOnlyList<ReplicaDigest> Digests { get; init; } = [];

    /// <summary>What the nodes that could be reached run, this one included.</summary>
    public IReadOnlyList<ReportedNode> Nodes { get; init; } = [];

    /// <summary>What was established right after.</summary>
    public DivergenceChecks Checks { get; init; } = new();

    /// <summary>The command that did it; null: none, or not known.</summary>
    public ReportedCommand? Command { get; init; }

    /// <summary>Where state machine and reference model say different things.</summary>
    public IReadOnlyList<ReportedEffect> Effects { get; init; } = [];

    /// <summary>Name of the broken rule.</summary>
    public string? Rule { get; init; }

    /// <summary>The facts that cannot both be true under that rule.</summary>
    public IReadOnlyList<string> Facts { get; init; } = [];

    /// <summary>File that is damaged.</summary>
    public string? File { get; init; }
}

/// <summary>A replica's state is not what it has to be, so it must neither serve nor persist anything more.</summary>
public sealed class StateDivergenceException(Divergence divergence) : Exception(divergence.Message)
{
    /// <summary>What was found.</summary>
    public Divergence Divergence => divergence;
}
