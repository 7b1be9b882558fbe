using System.Buffers.Binary;
using System.Text;
using Lattice.Simulation.Clients;
using Lattice.Simulation.Network;
using Lattice.Simulation.Runtime;

namespace Lattice.Simulation.Tests;

/// <summary>
/// A store in one place, correct by simplicity, behind a network that loses calls and answers: what the clients and the
/// checkers have to accept. It can be told to lie in one way, which they have to notice.
/// </summary>
internal sealed class PerfectStore : ICluster
{
    private readonly VirtualClock _clock;
    private readonly SimulatedNetwork _network;
    private readonly SeededRandom _random;
    private readonly Lie _lie;
    private readonly SortedDictionary<string, SeenRecord> _records = new(StringComparer.Ordinal);
    private readonly Dictionary<(UInt128 Client, ulong Sequence), byte[]> _sessions = [];
    private SortedDictionary<string, SeenRecord> _old = new(StringComparer.Ordinal);
    private ulong _revision;
    private ulong _applied;

    public PerfectStore(VirtualClock clock, SeededRandom random, Lie lie)
    {
        _clock = clock;
        _random = random;
        _lie = lie;
        _network = new SimulatedNetwork(clock, random.Fork(), new Coverage())
        {
            Default = new LinkQuality { Loss = 0.05, Straggling = 0.1, MeanJitter = 20 * VirtualClock.Millisecond },
        };
    }

    internal enum Lie
    {
        None,
        StaleRead,
        LostWrite,
        ForgottenSession,
        TornTransaction,
        IgnoredCondition,
    }

    public IReadOnlyList<int> Gateways { get; } = [1, 2, 3];

    public uint GroupOf(int slot) => 1;

    public void Call(int node, CallKind kind, uint group, ReadOnlyMemory<byte> payload, Action<Reply> reply) =>
        _network.Send(0, node, payload.Length, mayDuplicate: false, () =>
        {
            byte[] result = kind == CallKind.Write ? Write(payload.Span) : Read(payload.Span);
            _network.Send(node, 0, result.Length, mayDuplicate: false, () => reply(new Reply(ReplyStatus.Ok, result, 0)));
        });

    private byte[] Write(ReadOnlySpan<byte> batch)
    {
        if (_random.Chance(0.01))
        {
            _old = new SortedDictionary<string, SeenRecord>(_records, StringComparer.Ordinal);
        }

        _applied++;
        Input input = new(batch[1..]);
        UInt128 client = input.U64() + ((UInt128)input.U64() << 64);
        _ = input.U64();
        uint count = (uint)input.U32();
        using MemoryStream output = new();
        output.WriteByte(1);
        Put(output, count, 4);
        for (uint i = 0; i < count; i++)
        {
            ulong sequence = input.U64();
            Command command = ReadCommand(ref input);
            byte[]? known = client != 0 && _lie != Lie.ForgottenSession ? _sessions.GetValueOrDefault((client, sequence)) : null;
            byte[] result = known ?? Execute(command);
            _sessions[(client, sequence)] = result;
            output.Write(result);
        }

        return output.ToArray();
    }

    private byte[] Execute(Command command)
    {
        using MemoryStream output = new();
        SeenRecord[] found = [.. command.Conditions.Select(c => Find(c.Key))];
        bool[] held = [.. command.Conditions.Select((c, i) => Holds(c, found[i]))];
        if (!held.All(h => h) && !(_lie == Lie.IgnoredCondition && _random.Chance(0.05)))
        {
            output.WriteByte(1);
            Put(output, _revision, 8);
            output.WriteByte((byte)held.Length);
            for (int i = 0; i < held.Length; i++)
            {
                output.WriteByte(held[i] ? (byte)1 : (byte)0);
                Put(output, found[i], withValue: true);
            }

            return output.ToArray();
        }

        if (command.Operations.Any(o => o.Kind != OperationKind.Get))
        {
            _revision++;
        }

        output.WriteByte(0);
        Put(output, _revision, 8);
        output.WriteByte((byte)command.Operations.Count);
        List<SeenRecord> before = [.. command.Operations.Select(o => Find(o.Key))];
        bool torn = _lie == Lie.TornTransaction && _random.Chance(0.05);
        for (int i = 0; i < command.Operations.Count; i++)
        {
            Operation operation = command.Operations[i];
            Put(output, before[i], operation.Kind == OperationKind.Get);
            if (operation.Kind == OperationKind.Get || (torn && i > 0) || (_lie == Lie.LostWrite && _random.Chance(0.01)))
            {
                continue;
            }

            _records.Remove(operation.Key);
            if (operation.Kind == OperationKind.Put)
            {
                ulong expiry = operation.TimeToLiveMs == 0 ? 0 : ((ulong)_clock.Now / 1_000) + operation.TimeToLiveMs;
                _records.Add(operation.Key, new SeenRecord(true, _revision, expiry, operation.Value));
            }
        }

        return output.ToArray();
    }

    private byte[] Read(ReadOnlySpan<byte> batch)
    {
        Input input = new(batch[1..]);
        uint count = (uint)input.U32();
        using MemoryStream output = new();
        output.WriteByte(1);
        Put(output, _applied, 8);
        Put(output, count, 4);
        bool stale = _lie == Lie.StaleRead && _random.Chance(0.05);
        for (uint i = 0; i < count; i++)
        {
            byte kind = (byte)input.U8();
            string from = input.Bytes16();
            if (kind == 1)
            {
                Put(output, stale ? _old.GetValueOrDefault(from) : Find(from), withValue: true);
                continue;
            }

            string to = input.Bytes16();
            int limit = (int)input.U32();
            _ = input.U32();
            _ = input.U8();
            List<string> keys = [.. _records.Keys.Where(k => string.CompareOrdinal(k, from) >= 0 && (to.Length == 0 || string.CompareOrdinal(k, to) < 0) && Find(k).Present)];
            output.WriteByte(keys.Count > limit ? (byte)1 : (byte)0);
            Put(output, (ulong)Math.Min(keys.Count, limit), 4);
            foreach (string key in keys.Take(limit))
            {
                Put(output, (ulong)Encoding.UTF8.GetByteCount(key), 2);
                output.Write(Encoding.UTF8.GetBytes(key));
                Put(output, Find(key), withValue: true);
            }
        }

        return output.ToArray();
    }

    private SeenRecord Find(string key)
    {
        SeenRecord record = _records.GetValueOrDefault(key);
        return record.ExpiryMs != 0 && record.ExpiryMs <= (ulong)_clock.Now / 1_000 ? default : record;
    }

    private static bool Holds(Condition condition, SeenRecord found) => condition.Kind switch
    {
        ConditionKind.Absent => !found.Present,
        ConditionKind.Exists => found.Present,
        ConditionKind.RevisionEquals => found.Present && found.Revision == condition.Revision,
        _ => found.Present && string.Equals(found.Value, condition.Value, StringComparison.Ordinal),
    };

    private static Command ReadCommand(ref Input input)
    {
        List<Condition> conditions = [];
        for (int n = (int)input.U8(); n > 0; n--)
        {
            ConditionKind kind = (ConditionKind)input.U8();
            string key = input.Bytes16();
            conditions.Add(new Condition(kind, key, kind == ConditionKind.RevisionEquals ? input.U64() : 0, kind == ConditionKind.ValueEquals ? input.Bytes32() : ""));
        }

        List<Operation> operations = [];
        for (int n = (int)input.U8(); n > 0; n--)
        {
            OperationKind kind = (OperationKind)input.U8();
            string key = input.Bytes16();
            operations.Add(kind == OperationKind.Put ? new Operation(kind, key, input.Bytes32(), input.U64()) : new Operation(kind, key));
        }

        return new Command(conditions, operations);
    }

    private static void Put(MemoryStream output, ulong value, int bytes)
    {
        for (int i = 0; i < bytes; i++)
        {
            output.WriteByte((byte)(value >> (8 * i)));
        }
    }

    private static void Put(MemoryStream output, SeenRecord record, bool withValue)
    {
        output.WriteByte(record.Present ? (byte)1 : (byte)0);
        if (record.Present)
        {
            byte[] value = withValue ? Encoding.UTF8.GetBytes(record.Value) : [];
            Put(output, record.Revision, 8);
            Put(output, record.ExpiryMs, 8);
            Put(output, (ulong)value.Length, 4);
            output.Write(value);
        }
    }

    private ref struct Input(ReadOnlySpan<byte> bytes)
    {
        private ReadOnlySpan<byte> _left = bytes;

        public ulong U8() => Take(1)[0];

        public ulong U32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

        public ulong U64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8));

        public string Bytes16() => Encoding.UTF8.GetString(Take(BinaryPrimitives.ReadUInt16LittleEndian(Take(2))));

        public string Bytes32() => Encoding.UTF8.GetString(Take((int)U32()));

        private ReadOnlySpan<byte> Take(int count)
        {
            ReadOnlySpan<byte> taken = _left[..count];
            _left = _left[count..];
            return taken;
        }
    }
}
