using Lattice.Grains.Requests;

namespace Lattice.Client;

/// <summary>What a compare-and-set expects to find.</summary>
public readonly record struct Expected
{
    private readonly ConditionKind kind;
    private readonly ulong revision;
    private readonly ReadOnlyMemory<byte> value;

    private Expected(ConditionKind kind, ulong revision, ReadOnlyMemory<byte> value) =>
        (this.kind, this.revision, this.value) = (kind, revision, value);

    /// <summary>No record.</summary>
    public static Expected Absent { get; } = new(ConditionKind.Absent, 0, default);

    /// <summary>A record with this revision.</summary>
    public static Expected Revision(ulong revision) => new(ConditionKind.RevisionEquals, revision, default);

    /// <summary>A record with this value.</summary>
    public static Expected Value(ReadOnlyMemory<byte> value) => new(ConditionKind.ValueEquals, 0, value);

    internal Condition Of(ReadOnlyMemory<byte> key) => kind switch
    {
        ConditionKind.Absent => Condition.IsAbsent(key),
        ConditionKind.RevisionEquals => Condition.HasRevision(key, revision),
        ConditionKind.ValueEquals => Condition.HasValue(key, value),
        _ => throw new InvalidOperationException("Say what is expected: Expected.Absent, Expected.Revision or Expected.Value."),
    };
}

/// <summary>How a compare-and-set ended.</summary>
/// <param name="Succeeded">Whether the record was as expected, and so was set.</param>
/// <param name="Revision">Succeeded: the record's new revision.</param>
/// <param name="Present">Not succeeded: the record as it is; null: there is none.</param>
public readonly record struct CompareAndSetResult(bool Succeeded, ulong Revision, LatticeRecord? Present);
