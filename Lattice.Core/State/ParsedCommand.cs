namespace Lattice.Core.State;

/// <summary>Kinds of conditions. The numbers are part of the wire format.</summary>
public enum ConditionKind : byte
{
    /// <summary>The record's revision is the given one.</summary>
    RevisionEquals = 1,

    /// <summary>There is no record.</summary>
    Absent = 2,

    /// <summary>The record's value is the given one.</summary>
    ValueEquals = 3,

    /// <summary>There is a record.</summary>
    Exists = 4,
}

/// <summary>Kinds of operations. The numbers are part of the wire format.</summary>
public enum OperationKind : byte
{
    /// <summary>Sets the record.</summary>
    Put = 1,

    /// <summary>Removes the record.</summary>
    Delete = 2,

    /// <summary>Reads the record.</summary>
    Get = 3,
}

/// <summary>A condition; key and value lie in the batch.</summary>
internal struct ParsedCondition
{
    public ConditionKind Kind;
    public Range Key;
    public Range Value;
    public ulong Revision;

    /// <summary>The visible record, once it was looked up.</summary>
    public StateRecord Found;

    public bool Held;
}

/// <summary>An operation; key and value lie in the batch.</summary>
internal struct ParsedOperation
{
    public OperationKind Kind;
    public Range Key;
    public Range Value;
    public ulong TimeToLiveMs;

    /// <summary>The record in the state, expired or not, once it was looked up.</summary>
    public StateRecord Stored;
}

/// <summary>One command of a write batch. Reused for all commands of a group, so parsing allocates nothing.</summary>
internal sealed class ParsedCommand
{
    public ulong Sequence { get; set; }

    public int ConditionCount { get; private set; }

    public int OperationCount { get; private set; }

    private ParsedCondition[] conditions = new ParsedCondition[4];
    private ParsedOperation[] operations = new ParsedOperation[4];

    public Span<ParsedCondition> Conditions => conditions.AsSpan(0, ConditionCount);

    public Span<ParsedOperation> Operations => operations.AsSpan(0, OperationCount);

    /// <summary>Empties the command, so that nothing it looked up stays referenced.</summary>
    public void Clear()
    {
        Conditions.Clear();
        Operations.Clear();
        ConditionCount = 0;
        OperationCount = 0;
    }

    public ref ParsedCondition AddCondition()
    {
        if (ConditionCount == conditions.Length)
        {
            Array.Resize(ref conditions, 2 * conditions.Length);
        }

        return ref conditions[ConditionCount++];
    }

    public ref ParsedOperation AddOperation()
    {
        if (OperationCount == operations.Length)
        {
            Array.Resize(ref operations, 2 * operations.Length);
        }

        return ref operations[OperationCount++];
    }
}
