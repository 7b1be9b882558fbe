using System.Text;
using CsCheck;
using Lattice.Core.Consensus;
using Lattice.Core.State;
using Lattice.Grains.Requests;
using CommandResult = Lattice.Grains.Requests.CommandResult;
using CommandStatus = Lattice.Grains.Requests.CommandStatus;

namespace Lattice.Client.Tests;

/// <summary>Client and server have codecs of their own for the same format; what one writes the other must read.</summary>
public sealed class CodecAgreementTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("lattice-codec-").FullName;
    private readonly RocksDbEngine engine;
    private readonly StateMachine machine;
    private ulong index;

    public CodecAgreementTests()
    {
        engine = RocksDbEngine.Open(Path.Combine(folder, "state"), new RocksDbOptions());
        machine = new StateMachine(engine, 1, new StateLimits(), new RecordCache(100));
    }

    public void Dispose()
    {
        engine.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void Both_sides_encode_a_batch_to_the_same_bytes() =>
        Gen.Select(Gen.Byte.Array[1, 20], Gen.Byte.Array[0, 50], Gen.ULong, Gen.ULong[0, 100_000]).Sample((key, value, revision, timeToLive) =>
        {
            byte[] server = new WriteBatchBuilder()
                .Command(7).IfRevision(key, revision).IfAbsent(key).IfValue(key, value).IfExists(key).Put(key, value, timeToLive).Delete(key).Get(key)
                .Build();
            var command = new Command(
                [Condition.HasRevision(key, revision), Condition.IsAbsent(key), Condition.HasValue(key, value), Condition.Exists(key)],
                [Operation.Put(key, value, timeToLive == 0 ? null : TimeSpan.FromMilliseconds(timeToLive)), Operation.Delete(key), Operation.Get(key)]);
            byte[] client = WriteBatch.Encode(Guid.Empty, 0, [(7, command)]);
            return client.AsSpan().SequenceEqual(server);
        });

    [Fact]
    public void Both_sides_have_the_same_slot_for_a_key() =>
        Gen.Byte.Array[0, 30].Sample(key => Lattice.Core.State.SlotHash.SlotOf(key) == Lattice.Grains.Requests.SlotHash.SlotOf(key));

    [Theory]
    [InlineData("{tag}one", "{tag}two")]
    [InlineData("a{tag}", "{tag}b")]
    public void Keys_with_one_tag_have_one_slot(string one, string other) =>
        Assert.Equal(Lattice.Grains.Requests.SlotHash.SlotOf(Bytes(one)), Lattice.Grains.Requests.SlotHash.SlotOf(Bytes(other)));

    [Fact]
    public void The_client_reads_what_the_state_machine_answers_to_writes()
    {
        CommandResult put = Write(new Command([], [Operation.Put(Bytes("k"), Bytes("one"))]));
        Assert.Equal(CommandStatus.Done, put.Status);
        Assert.Null(put.Records[0]);

        CommandResult swapped = Write(new Command([Condition.HasRevision(Bytes("k"), put.Revision)], [Operation.Get(Bytes("k")), Operation.Put(Bytes("k"), Bytes("two"), TimeSpan.FromHours(1))]));
        Assert.Equal(CommandStatus.Done, swapped.Status);
        Assert.Equal("one", swapped.Records[0]!.Text);
        Assert.True(swapped.Revision > put.Revision);

        CommandResult failed = Write(new Command([Condition.IsAbsent(Bytes("k")), Condition.Exists(Bytes("k"))], [Operation.Delete(Bytes("k"))]));
        Assert.Equal(CommandStatus.ConditionFailed, failed.Status);
        Assert.Equal([false, true], failed.Held);
        Assert.Equal("two", failed.Records[0]!.Text);
        Assert.NotNull(failed.Records[0]!.ExpiresAt);

        CommandResult refused = Write(new Command([], [Operation.Put(new byte[2000], Bytes("v"))]));
        Assert.Equal((CommandStatus.Refused, RefusalReason.KeyTooLarge), (refused.Status, refused.Reason));
        Assert.Contains("1024", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_client_reads_what_the_state_machine_answers_to_queries()
    {
        for (int i = 0; i < 5; i++)
        {
            Write(new Command([], [Operation.Put(Bytes($"key-{i}"), Bytes($"value-{i}"))]));
        }

        LatticeRecord?[] got = QueryBatch.DecodeGets(machine.Query(QueryBatch.EncodeGets([Bytes("key-3"), Bytes("none")])));
        Assert.Equal("value-3", got[0]!.Text);
        Assert.Null(got[1]);

        ScanResult page = QueryBatch.DecodeScan(machine.Query(QueryBatch.EncodeScan(new ScanPage(Bytes("key-1"), Bytes("key-9"), 2, KeysOnly: false))));
        Assert.True(page.More);
        Assert.Equal(["key-1=value-1", "key-2=value-2"], page.Records.Select(r => $"{Encoding.UTF8.GetString(r.Key.Span)}={r.Record.Text}"));

        QueryRefusedException refused = Assert.Throws<QueryRefusedException>(() => QueryBatch.DecodeGets(machine.Query(QueryBatch.EncodeGets([new byte[2000]]))));
        Assert.Equal(RefusalReason.KeyTooLarge, refused.Reason);
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private CommandResult Write(Command command)
    {
        byte[] payload = EntryPayload.Encode(1_000_000 + index, [WriteBatch.Encode([command])]);
        IReadOnlyList<AppliedEntry> applied = machine.Apply([new Entry(++index, 1, EntryKind.Command, payload)]);
        return Assert.Single(WriteBatch.DecodeResults(applied[0].BatchResults[0]));
    }
}
