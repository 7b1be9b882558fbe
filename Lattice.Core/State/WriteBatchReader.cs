namespace Lattice.Core.State;

/// <summary>Reads a write batch (<c>docs/wire-format.md</c>) without copying it. Trusts nothing.</summary>
internal ref struct WriteBatchReader
{
    public const byte Version = 1;
    public const int HeaderSize = 1 + 16 + 8 + 4;

    // Sequence and two counts: what the shortest command has.
    private const int ShortestCommand = 8 + 1 + 1;

    private WireReader reader;

    private WriteBatchReader(WireReader reader) => this.reader = reader;

    /// <summary>The client's session; 0: none.</summary>
    public UInt128 Client { get; private set; }

    /// <summary>Lowest sequence that the client still waits for.</summary>
    public ulong Lowest { get; private set; }

    /// <summary>How many commands there are.</summary>
    public int Count { get; private set; }

    /// <summary>
    /// Begins to read. <paramref name="count"/> says how many results there are to be; when the batch is malformed, how many its sender expects, as
    /// far as that can be told, and at least one.
    /// </summary>
    public static bool TryOpen(ReadOnlySpan<byte> batch, ParsedCommand scratch, out WriteBatchReader opened, out int count)
    {
        opened = default;
        count = 1;
        if (!TryReadHeader(batch, out WriteBatchReader first))
        {
            return false;
        }

        // All of it is read once before any of it is executed: a batch that breaks off in the middle does nothing.
        WriteBatchReader check = first;
        count = Math.Max(1, first.Count);
        for (int i = 0; i < first.Count; i++)
        {
            if (!check.TryRead(scratch))
            {
                return false;
            }
        }

        if (!check.reader.AtEnd)
        {
            return false;
        }

        opened = first;
        count = first.Count;
        return true;
    }

    /// <summary>Reads the next command.</summary>
    public bool TryRead(ParsedCommand command)
    {
        command.Clear();
        command.Sequence = reader.U64();
        for (int i = reader.U8(); i > 0; i--)
        {
            if (!TryReadCondition(ref command.AddCondition()))
            {
                return false;
            }
        }

        for (int i = reader.U8(); i > 0; i--)
        {
            if (!TryReadOperation(ref command.AddOperation()))
            {
                return false;
            }
        }

        return !reader.Failed;
    }

    private static bool TryReadHeader(ReadOnlySpan<byte> batch, out WriteBatchReader opened)
    {
        var header = new WireReader(batch);
        byte version = header.U8();
        UInt128 client = header.Id();
        ulong lowest = header.U64();
        uint count = header.U32();
        opened = default;
        if (header.Failed || version != Version || count > (uint)header.Remaining / ShortestCommand)
        {
            return false;
        }

        opened = new WriteBatchReader(header) { Client = client, Lowest = lowest, Count = (int)count };
        return true;
    }

    private bool TryReadCondition(ref ParsedCondition condition)
    {
        condition.Kind = (ConditionKind)reader.U8();
        condition.Key = reader.Bytes16();
        switch (condition.Kind)
        {
            case ConditionKind.RevisionEquals:
                condition.Revision = reader.U64();
                break;
            case ConditionKind.ValueEquals:
                condition.Value = reader.Bytes32();
                break;
            case ConditionKind.Absent:
            case ConditionKind.Exists:
                break;
            default:
                return false;
        }

        return !reader.Failed;
    }

    private bool TryReadOperation(ref ParsedOperation operation)
    {
        operation.Kind = (OperationKind)reader.U8();
        operation.Key = reader.Bytes16();
        switch (operation.Kind)
        {
            case OperationKind.Put:
                operation.Value = reader.Bytes32();
                operation.TimeToLiveMs = reader.U64();
                break;
            case OperationKind.Delete:
            case OperationKind.Get:
                break;
            default:
                return false;
        }

        return !reader.Failed;
    }
}
