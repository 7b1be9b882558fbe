namespace Lattice.Grains.Requests;

/// <summary>Encodes write batches and decodes their results (<c>docs/wire-format.md</c>).</summary>
public static class WriteBatch
{
    private const byte Version = 1;
    private const int HeaderBytes = 1 + 16 + 8 + 4;

    /// <summary>Bytes that a command takes in a batch.</summary>
    public static int SizeOf(Command command)
    {
        int size = 8 + 1 + 1;
        for (int i = 0; i < command.Conditions.Count; i++)
        {
            Condition condition = command.Conditions[i];
            size += 3 + condition.Key.Length + condition.Kind switch
            {
                ConditionKind.RevisionEquals => 8,
                ConditionKind.ValueEquals => 4 + condition.Value.Length,
                _ => 0,
            };
        }

        for (int i = 0; i < command.Operations.Count; i++)
        {
            Operation operation = command.Operations[i];
            size += 3 + operation.Key.Length + (operation.Kind == OperationKind.Put ? 12 + operation.Value.Length : 0);
        }

        return size;
    }

    /// <summary>Encodes a batch without a session: nothing is remembered, and a batch whose outcome is unknown must not be sent again.</summary>
    public static byte[] Encode(IReadOnlyList<Command> commands) => Encode(Guid.Empty, 0, [.. commands.Select(c => (0UL, c))]);

    /// <summary>Encodes a batch of a session.</summary>
    /// <param name="client">The session.</param>
    /// <param name="lowest">Lowest sequence that the session still waits for.</param>
    /// <param name="commands">The commands, each with its sequence.</param>
    public static byte[] Encode(Guid client, ulong lowest, IReadOnlyList<(ulong Sequence, Command Command)> commands)
    {
        int size = HeaderBytes;
        for (int i = 0; i < commands.Count; i++)
        {
            size += SizeOf(commands[i].Command);
        }

        byte[] batch = new byte[size];
        var writer = new FieldWriter(batch);
        writer.U8(Version);
        writer.Raw(client.ToByteArray());
        writer.U64(lowest);
        writer.U32((uint)commands.Count);
        for (int i = 0; i < commands.Count; i++)
        {
            Write(ref writer, commands[i].Sequence, commands[i].Command);
        }

        return batch;
    }

    /// <summary>Decodes the results of a batch, in the order of its commands.</summary>
    /// <exception cref="WireFormatException">The bytes are not a result.</exception>
    public static CommandResult[] DecodeResults(ReadOnlyMemory<byte> bytes)
    {
        var reader = new FieldReader(bytes);
        reader.Version(Version);
        uint count = reader.U32();
        if (count > bytes.Length)
        {
            throw new WireFormatException($"The answer claims {count} results in {bytes.Length} bytes: it was damaged on the way.");
        }

        var results = new CommandResult[count];
        for (int i = 0; i < results.Length; i++)
        {
            results[i] = Read(ref reader);
        }

        return results;
    }

    private static void Write(ref FieldWriter writer, ulong sequence, Command command)
    {
        writer.U64(sequence);
        writer.U8(checked((byte)command.Conditions.Count));
        for (int i = 0; i < command.Conditions.Count; i++)
        {
            Condition condition = command.Conditions[i];
            writer.U8((byte)condition.Kind);
            writer.Bytes16(condition.Key.Span);
            if (condition.Kind == ConditionKind.RevisionEquals)
            {
                writer.U64(condition.Revision);
            }
            else if (condition.Kind == ConditionKind.ValueEquals)
            {
                writer.Bytes32(condition.Value.Span);
            }
        }

        writer.U8(checked((byte)command.Operations.Count));
        for (int i = 0; i < command.Operations.Count; i++)
        {
            Operation operation = command.Operations[i];
            writer.U8((byte)operation.Kind);
            writer.Bytes16(operation.Key.Span);
            if (operation.Kind == OperationKind.Put)
            {
                writer.Bytes32(operation.Value.Span);
                writer.U64(operation.TimeToLiveMs);
            }
        }
    }

    private static CommandResult Read(ref FieldReader reader)
    {
        var status = (CommandStatus)reader.U8();
        ulong revision = reader.U64();
        switch (status)
        {
            case CommandStatus.Done:
                {
                    var records = new LatticeRecord?[reader.U8()];
                    for (int i = 0; i < records.Length; i++)
                    {
                        records[i] = reader.Record();
                    }

                    return new CommandResult(status, revision, records, [], RefusalReason.None, "");
                }

            case CommandStatus.ConditionFailed:
                {
                    var held = new bool[reader.U8()];
                    var records = new LatticeRecord?[held.Length];
                    for (int i = 0; i < held.Length; i++)
                    {
                        held[i] = reader.U8() != 0;
                        records[i] = reader.Record();
                    }

                    return new CommandResult(status, revision, records, held, RefusalReason.None, "");
                }

            case CommandStatus.Refused:
                return new CommandResult(status, revision, [], [], (RefusalReason)reader.U16(), reader.Text16());
            default:
                throw new WireFormatException($"The answer has an unknown status {(byte)status}: it comes from a server of another version.");
        }
    }
}
