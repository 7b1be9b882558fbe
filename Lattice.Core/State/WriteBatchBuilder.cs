namespace Lattice.Core.State;

/// <summary>
/// Encodes a write batch (<c>docs/wire-format.md</c>): <see cref="Command"/> begins a command, the calls after it add its conditions and
/// operations. What the limits forbid can be encoded: refusing it is the state machine's part.
/// </summary>
public sealed class WriteBatchBuilder
{
    private readonly WireWriter batch = new();
    private readonly WireWriter conditions = new();
    private readonly WireWriter operations = new();
    private byte conditionCount;
    private byte operationCount;
    private ulong sequence;
    private bool open;
    private uint count;

    /// <summary>A batch without a session: nothing of it is remembered.</summary>
    public WriteBatchBuilder()
        : this(UInt128.Zero, 0)
    {
    }

    /// <summary>A batch of a session.</summary>
    /// <param name="client">The session's identity; 0: none.</param>
    /// <param name="lowest">Lowest sequence that the client still waits for.</param>
    public WriteBatchBuilder(UInt128 client, ulong lowest)
    {
        batch.U8(WriteBatchReader.Version);
        batch.Id(client);
        batch.U64(lowest);
        batch.U32(0);
    }

    /// <summary>Begins a command.</summary>
    /// <param name="number">Its sequence in the session; 0: its result is not remembered.</param>
    public WriteBatchBuilder Command(ulong number = 0)
    {
        EndCommand();
        sequence = number;
        open = true;
        return this;
    }

    /// <summary>Condition: the record has this revision.</summary>
    public WriteBatchBuilder IfRevision(ReadOnlySpan<byte> key, ulong revision)
    {
        BeginCondition(ConditionKind.RevisionEquals, key);
        conditions.U64(revision);
        return this;
    }

    /// <summary>Condition: there is no record.</summary>
    public WriteBatchBuilder IfAbsent(ReadOnlySpan<byte> key)
    {
        BeginCondition(ConditionKind.Absent, key);
        return this;
    }

    /// <summary>Condition: the record has this value.</summary>
    public WriteBatchBuilder IfValue(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        BeginCondition(ConditionKind.ValueEquals, key);
        conditions.Bytes32(value);
        return this;
    }

    /// <summary>Condition: there is a record.</summary>
    public WriteBatchBuilder IfExists(ReadOnlySpan<byte> key)
    {
        BeginCondition(ConditionKind.Exists, key);
        return this;
    }

    /// <summary>Operation: sets the record.</summary>
    /// <param name="key">Key.</param>
    /// <param name="value">Value.</param>
    /// <param name="timeToLiveMs">Milliseconds after which it expires; 0: never.</param>
    public WriteBatchBuilder Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, ulong timeToLiveMs = 0)
    {
        BeginOperation(OperationKind.Put, key);
        operations.Bytes32(value);
        operations.U64(timeToLiveMs);
        return this;
    }

    /// <summary>Operation: removes the record.</summary>
    public WriteBatchBuilder Delete(ReadOnlySpan<byte> key)
    {
        BeginOperation(OperationKind.Delete, key);
        return this;
    }

    /// <summary>Operation: reads the record.</summary>
    public WriteBatchBuilder Get(ReadOnlySpan<byte> key)
    {
        BeginOperation(OperationKind.Get, key);
        return this;
    }

    /// <summary>A whole command: sets the record if there is none.</summary>
    public WriteBatchBuilder PutIfAbsent(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, ulong number = 0) => Command(number).IfAbsent(key).Put(key, value);

    /// <summary>The batch.</summary>
    public byte[] Build()
    {
        EndCommand();
        batch.PatchU32(WriteBatchReader.HeaderSize - 4, count);
        return batch.ToArray();
    }

    private void BeginCondition(ConditionKind kind, ReadOnlySpan<byte> key)
    {
        RequireCommand();
        conditionCount = checked((byte)(conditionCount + 1));
        conditions.U8((byte)kind);
        conditions.Bytes16(key);
    }

    private void BeginOperation(OperationKind kind, ReadOnlySpan<byte> key)
    {
        RequireCommand();
        operationCount = checked((byte)(operationCount + 1));
        operations.U8((byte)kind);
        operations.Bytes16(key);
    }

    private void RequireCommand()
    {
        if (!open)
        {
            throw new InvalidOperationException("A condition or an operation belongs to a command: call Command() first.");
        }
    }

    private void EndCommand()
    {
        if (!open)
        {
            return;
        }

        batch.U64(sequence);
        batch.U8(conditionCount);
        batch.Raw(conditions.Written);
        batch.U8(operationCount);
        batch.Raw(operations.Written);
        conditions.Clear();
        operations.Clear();
        (conditionCount, operationCount, open) = (0, 0, false);
        count++;
    }
}
