namespace Lattice.Core.Verification;

/// <summary>A record as the report shows it.</summary>
public sealed record ReportedRecord
{
    /// <summary>Revision of the group's command that wrote it.</summary>
    public required ulong Revision { get; init; }

    /// <summary>When it expires, in milliseconds since 1970; 0: never.</summary>
    public required ulong ExpiryMs { get; init; }

    /// <summary>The hash that it carries, in hexadecimal; null: it carries none.</summary>
    public string? Checksum { get; init; }

    /// <summary>Length of the whole value in bytes; null: only its beginning is known.</summary>
    public int? ValueLength { get; init; }

    /// <summary>The value's first 4,096 bytes in base64; null: redacted.</summary>
    public string? Value { get; init; }

    /// <summary>XXH128 of the value's first 4,096 bytes, in hexadecimal, when the value is redacted.</summary>
    public string? ValueHash { get; init; }
}

/// <summary>A part of a record.</summary>
public enum RecordField
{
    /// <summary>Whether there is a record at all.</summary>
    Presence,

    /// <summary>The hash that it carries.</summary>
    Checksum,

    /// <summary>The revision.</summary>
    Revision,

    /// <summary>The expiry.</summary>
    Expiry,

    /// <summary>The value.</summary>
    Value,
}

/// <summary>A record that is not as it has to be.</summary>
public sealed record ReportedDifference
{
    /// <summary>Its key, as <see cref="ReportedKey"/> writes it.</summary>
    public required string Key { get; init; }

    /// <summary>The record as this replica has it; null: it has none.</summary>
    public ReportedRecord? Own { get; init; }

    /// <summary>The record as it has to be; null: there must be none, or it is not known.</summary>
    public ReportedRecord? Expected { get; init; }

    /// <summary>Whether <see cref="Expected"/> says anything.</summary>
    public required bool IsExpectedKnown { get; init; }

    /// <summary>Fields that differ; empty when it is not known what is expected.</summary>
    public IReadOnlyList<RecordField> Fields { get; init; } = [];

    /// <summary>Bits that differ in revision, expiry and value.</summary>
    public long DifferentBits { get; init; }

    /// <summary>Bits that differ in the hash that the record carries.</summary>
    public int DifferentChecksumBits { get; init; }

    /// <summary>Bytes that differ in the value.</summary>
    public long DifferentBytes { get; init; }

    /// <summary>Offsets in the value of the first bytes that differ.</summary>
    public IReadOnlyList<int> Offsets { get; init; } = [];

    /// <summary>Whether the hash that this replica's record carries vouches for it; null: there is no record, or it is not known.</summary>
    public bool? ChecksumHolds { get; init; }

    /// <summary>Whether the cached copy, read again, is the stored record; null: not cached, or not read again.</summary>
    public bool? CacheAgreesWhenReadAgain { get; init; }
}

/// <summary>The command that was being executed.</summary>
public sealed record ReportedCommand
{
    /// <summary>Index of its entry.</summary>
    public required ulong Index { get; init; }

    /// <summary>Number of its batch in the entry, from 0.</summary>
    public required int Batch { get; init; }

    /// <summary>Its number in the batch, from 0.</summary>
    public required int Ordinal { get; init; }

    /// <summary>What it does: <c>put</c>, <c>delete</c>, <c>transaction</c>, …</summary>
    public required string Kind { get; init; }

    /// <summary>Keys that it names, as <see cref="ReportedKey"/> writes them.</summary>
    public IReadOnlyList<string> Keys { get; init; } = [];

    /// <summary>Its size in bytes.</summary>
    public required int Bytes { get; init; }

    /// <summary>Client session that it belongs to, in hexadecimal; null: none.</summary>
    public string? Session { get; init; }
}

/// <summary>What state machine and reference model say that an entry does to a record, where they do not agree.</summary>
/// <param name="Key">The record's key, as <see cref="ReportedKey"/> writes it.</param>
/// <param name="Machine">What the state machine says; null: it leaves the record alone.</param>
/// <param name="Model">What the reference model says; null: it leaves the record alone.</param>
public sealed record ReportedEffect(string Key, ReportedChange? Machine, ReportedChange? Model);

/// <summary>A record before and after.</summary>
/// <param name="Before">Before; null: there was none.</param>
/// <param name="After">After; null: there is none.</param>
public sealed record ReportedChange(ReportedRecord? Before, ReportedRecord? After);
