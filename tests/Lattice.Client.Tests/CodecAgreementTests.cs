using System.Buffers.Binary;
using CsCheck;
using Lattice.Core.Consensus;
using Lattice.Core.State;
using Lattice.Grains.Requests;
using ClientSlotHash = Lattice.Grains.Requests.SlotHash;
using Command = Lattice.Grains.Requests.Command;
using CommandResult = Lattice.Grains.Requests.CommandResult;
using ConditionKind = Lattice.Grains.Requests.ConditionKind;
using OperationKind = Lattice.Grains.Requests.OperationKind;
using ServerResult = Lattice.Core.State.CommandResult;
using ServerSlotHash = Lattice.Core.State.SlotHash;

namespace Lattice.Client.Tests;

/// <summary>Client and server have codecs of their own for one wire format: each must understand the other.</summary>
public class CodecAgreementTests
{
    private static readonly Gen<byte[]> Key = Gen.Int[0, 5].Select(i => (byte[])[(byte)'k', (byte)i]);

    private static readonly Gen<byte[]> Value = Gen.Byte.Array[0, 3];

    private static readonly Gen<Condition> AnyCondition =
        from kind in Gen.Int[1, 4]
        from key in Key
        from value in Value
        from revision in Gen.ULong[0, 5]
        select kind switch
        {
            1 => Condition.HasRevision(key, revision),
            2 => Condition.IsAbsent(key),
            3 => Condition.HasValue(key, value),
            _ => Condition.Exists(key),
        };

    private static readonly Gen<Operation> AnyOperation =
        from kind in Gen.Int[1, 3]
        from key in Key
        from value in Value
        from ttl in Gen.Int[0, 3]
        select kind switch
        {
            1 => Operation.Put(key, value, ttl == 0 ? null : TimeSpan.FromHours(ttl)),
            2 => Operation.Delete(key),
            _ => Operation.Get(key),
        };

    private static readonly Gen<Command> AnyCommand =
        Gen.Select(AnyCondition.Array[0, 2], AnyOperation.Array[0, 3], (conditions, operations) => new Command(conditions, operations));

    [Fact]
    public void A_write_batch_of_the_client_is_the_one_that_the_server_would_build() =>
        Gen.Select(Gen.ULong, Gen.ULong, Gen.ULong, AnyCommand.Array[0, 6]).Sample(
            (high, low, lowest, commands) =>
            {
                // The identity is sixteen bytes that the server keeps as a number.
                Span<byte> id = stackalloc byte[16];
                BinaryPrimitives.WriteUInt128BigEndian(id, new UInt128(high, low));
                byte[] encoded = WriteBatch.Encode(new Guid(id), lowest, [.. commands.Select((c, i) => ((ulong)i + lowest, c))]);
                Assert.Equal(Build(new UInt128(high, low), lowest, commands), encoded);
            },
            iter: 500);

    [Fact]
    public void A_query_batch_of_the_client_is_the_one_that_the_server_would_build() =>
        Gen.Select(Key.Array[0, 8], Gen.Byte.Array[0, 9], Gen.Byte.Array[0, 9], Gen.UInt, Gen.Bool).Sample(
            (keys, from, to, limit, keysOnly) =>
            {
                var gets = new QueryBatchBuilder();
                foreach (byte[] key in keys)
                {
                    gets.Get(key);
                }

                Assert.Equal(gets.Build(), QueryBatch.EncodeGets([.. keys.Select(k => (ReadOnlyMemory<byte>)k)]));
                Assert.Equal(new QueryBatchBuilder().Scan(from, to, limit, 0, keysOnly).Build(), QueryBatch.EncodeScan(new ScanPage(from, to, limit, keysOnly)));
            },
            iter: 500);

    [Fact]
    public void What_a_state_machine_answers_is_read_alike_on_both_sides() =>
        Gen.Select(AnyCommand.Array[1, 8].Array[1, 6], Gen.Bool, Gen.UInt[1, 4]).Sample(
            (batches, keysOnly, limit) =>
            {
                using var server = new ServerState();
                foreach (Command[] commands in batches)
                {
                    ReadOnlyMemory<byte> answer = server.Write(WriteBatch.Encode(commands));
                    AssertSame(WriteResult.Decode(answer), WriteBatch.DecodeResults(answer));
                }

                ReadOnlyMemory<byte>[] keys = [.. Enumerable.Range(0, 7).Select(i => (ReadOnlyMemory<byte>)new byte[] { (byte)'k', (byte)i })];
                ReadOnlyMemory<byte> gets = server.Query(QueryBatch.EncodeGets(keys));
                QueryResult served = QueryResult.Decode(gets, [.. keys.Select(_ => QueryKind.Get)]);
                AssertSame([.. served.Answers.Select(a => a.Record)], QueryBatch.DecodeGets(gets));

                ReadOnlyMemory<byte> scan = server.Query(QueryBatch.EncodeScan(new ScanPage(default, default, limit, keysOnly)));
                QueryAnswer page = QueryResult.Decode(scan, QueryKind.Scan).Answers[0];
                ScanResult read = QueryBatch.DecodeScan(scan);
                Assert.Equal(page.More, read.More);
                Assert.Equal(page.Page.Select(r => Convert.ToHexString(r.Key.Span)), read.Records.Select(r => Convert.ToHexString(r.Key.Span)));
                AssertSame([.. page.Page.Select(r => r.Record)], [.. read.Records.Select(r => r.Record)]);
            },
            iter: 60,
            threads: 2);

    [Fact]
    public void A_refused_query_is_refused_on_both_sides()
    {
        using var server = new ServerState();
        ReadOnlyMemory<byte> answer = server.Query(QueryBatch.EncodeGets([new byte[5000]]));
        QueryResult served = QueryResult.Decode(answer, QueryKind.Get);
        QueryRefusedException refused = Assert.Throws<QueryRefusedException>(() => QueryBatch.DecodeGets(answer));
        Assert.Equal(RefusalReason.KeyTooLarge, refused.Reason);
        Assert.Equal((ushort)served.Code, (ushort)refused.Reason);
        Assert.Equal(served.Message, refused.Message);
    }

    [Fact]
    public void Both_sides_agree_on_the_slot_of_every_key()
    {
        Gen<byte[]> tagged = Gen.Int[0, 3].Select(i => "{}ab"u8[i]).Array[0, 12];
        Gen.OneOf(tagged, Gen.Byte.Array[0, 40]).Sample(key => Assert.Equal(ServerSlotHash.SlotOf(key), ClientSlotHash.SlotOf(key)), iter: 5000);
        Assert.Equal(ServerSlotHash.Slots, ClientSlotHash.Slots);
    }

    [Fact]
    public void Both_sides_number_refusals_alike() =>
        Assert.Equal(Enum.GetValues<RefusalCode>().Select(c => (ushort)c), Enum.GetValues<RefusalReason>().Select(r => (ushort)r));

    private static byte[] Build(UInt128 client, ulong lowest, Command[] commands)
    {
        var builder = new WriteBatchBuilder(client, lowest);
        for (int i = 0; i < commands.Length; i++)
        {
            builder.Command((ulong)i + lowest);
            foreach (Condition c in commands[i].Conditions)
            {
                _ = c.Kind switch
                {
                    ConditionKind.RevisionEquals => builder.IfRevision(c.Key.Span, c.Revision),
                    ConditionKind.Absent => builder.IfAbsent(c.Key.Span),
                    ConditionKind.ValueEquals => builder.IfValue(c.Key.Span, c.Value.Span),
                    _ => builder.IfExists(c.Key.Span),
                };
            }

            foreach (Operation o in commands[i].Operations)
            {
                _ = o.Kind switch
                {
                    OperationKind.Put => builder.Put(o.Key.Span, o.Value.Span, o.TimeToLiveMs),
                    OperationKind.Delete => builder.Delete(o.Key.Span),
                    _ => builder.Get(o.Key.Span),
                };
            }
        }

        return builder.Build();
    }

    private static void AssertSame(IReadOnlyList<ServerResult> served, CommandResult[] read)
    {
        Assert.Equal(served.Count, read.Length);
        for (int i = 0; i < read.Length; i++)
        {
            Assert.Equal((byte)served[i].Status, (byte)read[i].Status);
            Assert.Equal(served[i].Revision, read[i].Revision);
            Assert.Equal((ushort)served[i].Code, (ushort)read[i].Reason);
            Assert.Equal(served[i].Message, read[i].Message);
            Assert.Equal(served[i].Conditions.Select(c => c.Held), read[i].Held);
            AssertSame([.. served[i].Records, .. served[i].Conditions.Select(c => c.Record)], read[i].Records);
        }
    }

    private static void AssertSame(RecordAnswer[] served, IReadOnlyList<LatticeRecord?> read) =>
        Assert.Equal(
            served.Select(r => r.Present ? $"{r.Revision} {r.ExpiryMs} {Convert.ToHexString(r.Value.Span)}" : "absent"),
            read.Select(r => r is null ? "absent" : $"{r.Revision} {r.ExpiresAt?.ToUnixTimeMilliseconds() ?? 0} {Convert.ToHexString(r.Value.Span)}"));

    /// <summary>One group on a real RocksDB in a folder of its own.</summary>
    private sealed class ServerState : IDisposable
    {
        private readonly string folder = Directory.CreateTempSubdirectory("lattice-client-").FullName;
        private readonly RocksDbEngine engine;
        private readonly StateMachine machine;

        public ServerState()
        {
            engine = RocksDbEngine.Open(folder, new RocksDbOptions());
            machine = new StateMachine(engine, 7, new StateLimits(), new RecordCache(100));
        }

        public ReadOnlyMemory<byte> Write(byte[] batch) =>
            machine.Apply([new Entry(machine.Applied.Index + 1, 1, EntryKind.Command, EntryPayload.Encode(1_000_000, [batch]))])[0].BatchResults[0];

        public ReadOnlyMemory<byte> Query(byte[] batch) => machine.Query(batch);

        public void Dispose()
        {
            engine.Dispose();
            Directory.Delete(folder, recursive: true);
        }
    }
}
