using System.Text;

namespace Lattice.Core.State;

/// <summary>How a command ended. The numbers are part of the wire format.</summary>
public enum CommandStatus : byte
{
    /// <summary>All conditions held and all operations were done.</summary>
    Done = 0,

    /// <summary>A condition did not hold; nothing was done.</summary>
    ConditionFailed = 1,

    /// <summary>The command is not allowed; nothing was done.</summary>
    Refused = 2,
}

/// <summary>A record in an answer.</summary>
/// <param name="Present">Whether there is one.</param>
/// <param name="Revision">Its revision.</param>
/// <param name="ExpiryMs">When it expires, in milliseconds since 1970; 0: never.</param>
/// <param name="Value">Its value; empty where the answer leaves it out.</param>
public readonly record struct RecordAnswer(bool Present, ulong Revision, ulong ExpiryMs, ReadOnlyMemory<byte> Value);

/// <summary>How a condition stood.</summary>
/// <param name="Held">Whether it held.</param>
/// <param name="Record">The record as it is.</param>
public readonly record struct ConditionAnswer(bool Held, RecordAnswer Record);

/// <summary>The result of one command.</summary>
public sealed record CommandResult
{
    /// <summary>How it ended.</summary>
    public required CommandStatus Status { get; init; }

    /// <summary>The group's revision after it.</summary>
    public ulong Revision { get; init; }

    /// <summary>Done: for each operation a record.</summary>
    public IReadOnlyList<RecordAnswer> Records { get; init; } = [];

    /// <summary>Condition failed: how each condition stood.</summary>
    public IReadOnlyList<ConditionAnswer> Conditions { get; init; } = [];

    /// <summary>Refused: why.</summary>
    public RefusalCode Code { get; init; }

    /// <summary>Refused: why, in words.</summary>
    public string Message { get; init; } = "";
}

/// <summary>Write results (<c>docs/wire-format.md</c>).</summary>
public static class WriteResult
{
    internal const byte Version = 1;

    /// <summary>Reads a write result; values are slices of it.</summary>
    /// <exception cref="WireFormatException">The bytes are not a write result.</exception>
    public static IReadOnlyList<CommandResult> Decode(ReadOnlyMemory<byte> result)
    {
        var reader = new WireReader(result.Span);
        byte version = reader.U8();
        uint count = reader.U32();
        if (version != Version || count > (uint)reader.Remaining / 9)
        {
            throw new WireFormatException($"The {result.Length} bytes are not a write result of version {Version}.");
        }

        var results = new CommandResult[count];
        for (int i = 0; i < results.Length; i++)
        {
            results[i] = ReadResult(ref reader, result);
        }

        return reader.AtEnd ? results : throw new WireFormatException("A write result breaks off or has bytes left over.");
    }

    internal static RecordAnswer ReadRecord(ref WireReader reader, ReadOnlyMemory<byte> whole)
    {
        if (reader.U8() == 0)
        {
            return default;
        }

        ulong revision = reader.U64();
        ulong expiry = reader.U64();
        return new RecordAnswer(true, revision, expiry, whole[reader.Bytes32()]);
    }

    internal static void WriteRecord(WireWriter writer, StateRecord record, bool withValue)
    {
        if (!record.Exists)
        {
            writer.U8(0);
            return;
        }

        writer.U8(1);
        writer.U64(record.Revision);
        writer.U64(record.ExpiryMs);
        writer.Bytes32(withValue ? record.ValueSpan : default);
    }

    internal static void WriteRefusal(WireWriter writer, ulong revision, RefusalCode code, string message)
    {
        writer.U8((byte)CommandStatus.Refused);
        writer.U64(revision);
        writer.U16((ushort)code);
        writer.Bytes16(Encoding.UTF8.GetBytes(message));
    }

    private static CommandResult ReadResult(ref WireReader reader, ReadOnlyMemory<byte> whole)
    {
        var status = (CommandStatus)reader.U8();
        ulong revision = reader.U64();
        switch (status)
        {
            case CommandStatus.Done:
                var records = new RecordAnswer[reader.U8()];
                for (int i = 0; i < records.Length; i++)
                {
                    records[i] = ReadRecord(ref reader, whole);
                }

                return new CommandResult { Status = status, Revision = revision, Records = records };
            case CommandStatus.ConditionFailed:
                var conditions = new ConditionAnswer[reader.U8()];
                for (int i = 0; i < conditions.Length; i++)
                {
                    bool held = reader.U8() != 0;
                    conditions[i] = new ConditionAnswer(held, ReadRecord(ref reader, whole));
                }

                return new CommandResult { Status = status, Revision = revision, Conditions = conditions };
            case CommandStatus.Refused:
                var code = (RefusalCode)reader.U16();
                return new CommandResult { Status = status, Revision = revision, Code = code, Message = Encoding.UTF8.GetString(whole[reader.Bytes16()].Span) };
            default:
                throw new WireFormatException($"A write result has the unknown status {(byte)status}.");
        }
    }
}
