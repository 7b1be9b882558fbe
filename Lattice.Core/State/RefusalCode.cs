namespace Lattice.Core.State;

/// <summary>Why a command or a query was refused. The numbers are part of the wire format.</summary>
public enum RefusalCode : ushort
{
    /// <summary>Not refused.</summary>
    None = 0,

    /// <summary>The bytes do not follow the format, or a key is empty.</summary>
    Malformed = 1,

    /// <summary>A key is longer than the limit.</summary>
    KeyTooLarge = 2,

    /// <summary>A value is longer than the limit.</summary>
    ValueTooLarge = 3,

    /// <summary>Too many conditions or operations, or too large an answer.</summary>
    TransactionTooLarge = 4,

    /// <summary>The keys of the command do not lie in one slot.</summary>
    KeysInDifferentSlots = 5,

    /// <summary>The command writes a key twice.</summary>
    KeyWrittenTwice = 6,

    /// <summary>The session said before that it does not wait for this sequence any longer.</summary>
    SequenceForgotten = 7,

    /// <summary>The session has too many results that it has not acknowledged.</summary>
    TooManyOutstanding = 8,

    /// <summary>The group remembers as many sessions as it may.</summary>
    TooManySessions = 9,

    /// <summary>Another group holds the slot.</summary>
    WrongGroup = 10,
}
