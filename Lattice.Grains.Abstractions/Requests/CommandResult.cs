namespace Lattice.Grains.Requests;

/// <summary>How a command ended. The numbers are part of the wire format.</summary>
public enum CommandStatus : byte
{
    /// <summary>Its operations were done.</summary>
    Done = 0,

    /// <summary>A condition did not hold; nothing was done.</summary>
    ConditionFailed = 1,

    /// <summary>It is not allowed; nothing was done.</summary>
    Refused = 2,
}

/// <summary>Why a request was refused. The numbers are part of the wire format.</summary>
public enum RefusalReason : ushort
{
    /// <summary>It was not refused.</summary>
    None = 0,

    /// <summary>It cannot be understood.</summary>
    Malformed = 1,

    /// <summary>A key is longer than the cluster's limit.</summary>
    KeyTooLarge = 2,

    /// <summary>A value is longer than the cluster's limit.</summary>
    ValueTooLarge = 3,

    /// <summary>A command has more conditions or operations than the cluster's limit.</summary>
    TransactionTooLarge = 4,

    /// <summary>The keys of a command lie in different slots.</summary>
    DifferentSlots = 5,

    /// <summary>A command writes a key twice.</summary>
    WrittenTwice = 6,

    /// <summary>A command was repeated after its result had been forgotten.</summary>
    Forgotten = 7,

    /// <summary>A session has more commands under way than it may.</summary>
    TooManyOutstanding = 8,

    /// <summary>The group keeps as many sessions as it may.</summary>
    TooManySessions = 9,

    /// <summary>The group does not hold the slot.</summary>
    WrongGroup = 10,
}

/// <summary>How a command ended, with what it saw.</summary>
/// <param name="Status">How.</param>
/// <param name="Revision">Revision of the group after the command; what it wrote has it.</param>
/// <param name="Records">Done: a record for each operation (put: the one before it; delete: the one removed; get: the one found). Condition failed: the record of each condition.</param>
/// <param name="Held">Condition failed: which conditions held.</param>
/// <param name="Reason">Refused: why.</param>
/// <param name="Message">Refused: what is wrong and what is allowed.</param>
public sealed record CommandResult(
    CommandStatus Status,
    ulong Revision,
    IReadOnlyList<LatticeRecord?> Records,
    IReadOnlyList<bool> Held,
    RefusalReason Reason,
    string Message);
