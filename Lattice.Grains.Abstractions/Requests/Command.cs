namespace Lattice.Grains.Requests;

/// <summary>What a condition asks of a record. The numbers are part of the wire format.</summary>
public enum ConditionKind : byte
{
    /// <summary>It has a certain revision.</summary>
    RevisionEquals = 1,

    /// <summary>It does not exist.</summary>
    Absent = 2,

    /// <summary>It has a certain value.</summary>
    ValueEquals = 3,

    /// <summary>It exists.</summary>
    Exists = 4,
}

/// <summary>A condition of a command. Immutable.</summary>
public readonly record struct Condition
{
    private Condition(ConditionKind kind, ReadOnlyMemory<byte> key, ulong revision, ReadOnlyMemory<byte> value) =>
        (Kind, Key, Revision, Value) = (kind, key, revision, value);

    /// <summary>What is asked.</summary>
    public ConditionKind Kind { get; }

    /// <summary>Of which record.</summary>
    public ReadOnlyMemory<byte> Key { get; }

    /// <summary>The revision of <see cref="ConditionKind.RevisionEquals"/>.</summary>
    public ulong Revision { get; }

    /// <summary>The value of <see cref="ConditionKind.ValueEquals"/>.</summary>
    public ReadOnlyMemory<byte> Value { get; }

    /// <summary>The record has this revision.</summary>
    public static Condition HasRevision(ReadOnlyMemory<byte> key, ulong revision) => new(ConditionKind.RevisionEquals, key, revision, default);

    /// <summary>The record does not exist.</summary>
    public static Condition IsAbsent(ReadOnlyMemory<byte> key) => new(ConditionKind.Absent, key, 0, default);

    /// <summary>The record has this value.</summary>
    public static Condition HasValue(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value) => new(ConditionKind.ValueEquals, key, 0, value);

    /// <summary>The record exists.</summary>
    public static Condition Exists(ReadOnlyMemory<byte> key) => new(ConditionKind.Exists, key, 0, default);
}

/// <summary>What an operation does. The numbers are part of the wire format.</summary>
public enum OperationKind : byte
{
    /// <summary>Sets a record.</summary>
    Put = 1,

    /// <summary>Removes a record.</summary>
    Delete = 2,

    /// <summary>Reads a record.</summary>
    Get = 3,
}

/// <summary>An operation of a command. Immutable.</summary>
public readonly record struct Operation
{
    private Operation(OperationKind kind, ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value, ulong timeToLiveMs) =>
        (Kind, Key, Value, TimeToLiveMs) = (kind, key, value, timeToLiveMs);

    /// <summary>What is done.</summary>
    public OperationKind Kind { get; }

    /// <summary>To which record.</summary>
    public ReadOnlyMemory<byte> Key { get; }

    /// <summary>The value of a put.</summary>
    public ReadOnlyMemory<byte> Value { get; }

    /// <summary>Milliseconds after which what was put expires; 0: never.</summary>
    public ulong TimeToLiveMs { get; }

    /// <summary>Sets a record.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="value">Its value.</param>
    /// <param name="timeToLive">Time after which it expires, at least a millisecond; null: never.</param>
    public static Operation Put(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value, TimeSpan? timeToLive = null)
    {
        if (timeToLive is { TotalMilliseconds: < 1 })
        {
            throw new ArgumentOutOfRangeException(nameof(timeToLive), timeToLive, "A time to live has to be at least one millisecond; leave it out for a record that never expires.");
        }

        return new Operation(OperationKind.Put, key, value, (ulong)(timeToLive?.TotalMilliseconds ?? 0));
    }

    /// <summary>Removes a record.</summary>
    public static Operation Delete(ReadOnlyMemory<byte> key) => new(OperationKind.Delete, key, default, 0);

    /// <summary>Reads a record, as the command finds it.</summary>
    public static Operation Get(ReadOnlyMemory<byte> key) => new(OperationKind.Get, key, default, 0);
}

/// <summary>Conditions, then operations: all or nothing. All keys must lie in one slot; none may be written twice.</summary>
/// <param name="Conditions">What must hold.</param>
/// <param name="Operations">What is done when it does.</param>
public sealed record Command(IReadOnlyList<Condition> Conditions, IReadOnlyList<Operation> Operations)
{
    /// <summary>Slot of the command's first key.</summary>
    /// <exception cref="InvalidOperationException">It has no key.</exception>
    public int Slot => Conditions.Count > 0
        ? SlotHash.SlotOf(Conditions[0].Key.Span)
        : Operations.Count > 0 ? SlotHash.SlotOf(Operations[0].Key.Span) : throw new InvalidOperationException("A command needs at least one condition or operation.");
}
