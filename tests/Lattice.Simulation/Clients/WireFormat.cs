using System.Buffers;
using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;

namespace Lattice.Simulation.Clients;

/// <summary>
/// The wire format as <c>docs/wire-format.md</c> describes it, written a second time from the document alone, so that
/// the simulation also checks that the product speaks what the document says.
/// </summary>
internal static class WireFormat
{
    private const byte Version = 1;
    private const uint RefusedQuery = 0xFFFFFFFF;

    /// <summary>Slot of a key.</summary>
    public static int Slot(string key)
    {
        int open = key.IndexOf('{', StringComparison.Ordinal);
        int close = open < 0 ? -1 : key.IndexOf('}', open);
        string hashed = close > open + 1 ? key[(open + 1)..close] : key;
        return (int)(XxHash3.HashToUInt64(Encoding.UTF8.GetBytes(hashed)) % 16_384);
    }

    /// <summary>A write batch.</summary>
    public static byte[] Write(UInt128 client, ulong lowest, IReadOnlyList<Command> commands)
    {
        Writer writer = new();
        writer.U8(Version);
        writer.U64((ulong)client);
        writer.U64((ulong)(client >> 64));
        writer.U64(lowest);
        writer.U32((uint)commands.Count);
        foreach (Command command in commands)
        {
            writer.U64(command.Sequence);
            writer.U8((byte)command.Conditions.Count);
            foreach (Condition condition in command.Conditions)
            {
                writer.U8((byte)condition.Kind);
                writer.Bytes16(condition.Key);
                if (condition.Kind == ConditionKind.RevisionEquals)
                {
                    writer.U64(condition.Revision);
                }
                else if (condition.Kind == ConditionKind.ValueEquals)
                {
                    writer.Bytes32(condition.Value);
                }
            }

            writer.U8((byte)command.Operations.Count);
            foreach (Operation operation in command.Operations)
            {
                writer.U8((byte)operation.Kind);
                writer.Bytes16(operation.Key);
                if (operation.Kind == OperationKind.Put)
                {
                    writer.Bytes32(operation.Value);
                    writer.U64(operation.TimeToLiveMs);
                }
            }
        }

        return writer.ToArray();
    }

    /// <summary>A query batch.</summary>
    public static byte[] Write(IReadOnlyList<Query> queries)
    {
        Writer writer = new();
        writer.U8(Version);
        writer.U32((uint)queries.Count);
        foreach (Query query in queries)
        {
            writer.U8((byte)(query.To is null ? 1 : 2));
            writer.Bytes16(query.From);
            if (query.To is { } to)
            {
                writer.Bytes16(to);
                writer.U32(query.Limit);
                writer.U32(1 << 20);
                writer.U8(0);
            }
        }

        return writer.ToArray();
    }

    /// <summary>The results of a write batch.</summary>
    public static IReadOnlyList<CommandResult> ReadWriteResults(ReadOnlySpan<byte> bytes)
    {
        Reader reader = new(bytes);
        reader.Version(Version);
        CommandResult[] results = new CommandResult[reader.U32()];
        for (int i = 0; i < results.Length; i++)
        {
            CommandStatus status = (CommandStatus)reader.U8();
            ulong revision = reader.U64();
            List<SeenRecord> records = [];
            List<bool> held = [];
            int code = 0;
            string message = "";
            switch (status)
            {
                case CommandStatus.Done:
                    for (int n = reader.U8(); n > 0; n--)
                    {
                        records.Add(reader.Record());
                    }

                    break;
                case CommandStatus.ConditionFailed:
                    for (int n = reader.U8(); n > 0; n--)
                    {
                        held.Add(reader.U8() != 0);
                        records.Add(reader.Record());
                    }

                    break;
                case CommandStatus.Refused:
                    code = reader.U16();
                    message = reader.Bytes16();
                    break;
                default:
                    throw new FormatException($"A result has the unknown status {(byte)status}.");
            }

            results[i] = new CommandResult(status, revision, records, held, code, message);
        }

        reader.End();
        return results;
    }

    /// <summary>The results of a query batch.</summary>
    public static QueryResults ReadQueryResults(ReadOnlySpan<byte> bytes, IReadOnlyList<Query> queries)
    {
        Reader reader = new(bytes);
        reader.Version(Version);
        ulong applied = reader.U64();
        uint count = reader.U32();
        if (count == RefusedQuery)
        {
            int code = reader.U16();
            string message = reader.Bytes16();
            reader.End();
            return new QueryResults(applied, [], code, message);
        }

        QueryResult[] results = new QueryResult[count];
        for (int i = 0; i < results.Length; i++)
        {
            List<(string, SeenRecord)> records = [];
            bool more = false;
            if (queries[i].To is null)
            {
                records.Add((queries[i].From, reader.Record()));
            }
            else
            {
                more = reader.U8() != 0;
                for (uint n = reader.U32(); n > 0; n--)
                {
                    string key = reader.Bytes16();
                    records.Add((key, reader.Record()));
                }
            }

            results[i] = new QueryResult(records, more);
        }

        reader.End();
        return new QueryResults(applied, results, 0, "");
    }

    private sealed class Writer
    {
        private readonly ArrayBufferWriter<byte> _bytes = new();

        public byte[] ToArray() => _bytes.WrittenSpan.ToArray();

        public void U8(byte value) => _bytes.Write([value]);

        public void U32(uint value)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(_bytes.GetSpan(sizeof(uint)), value);
            _bytes.Advance(sizeof(uint));
        }

        public void U64(ulong value)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(_bytes.GetSpan(sizeof(ulong)), value);
            _bytes.Advance(sizeof(ulong));
        }

        public void Bytes16(string text)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(text);
            U8((byte)bytes.Length);
            U8((byte)(bytes.Length >> 8));
            _bytes.Write(bytes);
        }

        public void Bytes32(string text)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(text);
            U32((uint)bytes.Length);
            _bytes.Write(bytes);
        }
    }

    private ref struct Reader(ReadOnlySpan<byte> bytes)
    {
        private ReadOnlySpan<byte> _left = bytes;

        public byte U8() => Take(1)[0];

        public ushort U16() => BinaryPrimitives.ReadUInt16LittleEndian(Take(sizeof(ushort)));

        public uint U32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(sizeof(uint)));

        public ulong U64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(sizeof(ulong)));

        public string Bytes16() => Encoding.UTF8.GetString(Take(U16()));

        public SeenRecord Record() => U8() == 0 ? default : new SeenRecord(true, U64(), U64(), Encoding.UTF8.GetString(Take((int)U32())));

        public void Version(byte expected)
        {
            byte version = U8();
            if (version != expected)
            {
                throw new FormatException($"An answer has version {version}.");
            }
        }

        public readonly void End()
        {
            if (_left.Length > 0)
            {
                throw new FormatException($"An answer has {_left.Length} bytes too many.");
            }
        }

        private ReadOnlySpan<byte> Take(int count)
        {
            if (count > _left.Length)
            {
                throw new FormatException("An answer ends too early.");
            }

            ReadOnlySpan<byte> taken = _left[..count];
            _left = _left[count..];
            return taken;
        }
    }
}
