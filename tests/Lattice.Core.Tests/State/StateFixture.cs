using System.Text;
using Lattice.Core.Consensus;
using Lattice.Core.State;
using Xunit;

namespace Lattice.Core.Tests.State;

/// <summary>One group on a real RocksDB in a folder of its own, fed with entries as a leader would make them.</summary>
internal sealed class StateFixture : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly Func<int, bool>? ownsSlot;

    public StateFixture(StateLimits? limits = null, int cache = 1000, Func<int, bool>? ownsSlot = null, uint group = 7)
    {
        Limits = limits ?? new StateLimits();
        this.ownsSlot = ownsSlot;
        Group = group;
        Cache = new RecordCache(cache);
        Engine = RocksDbEngine.Open(folder.Path, new RocksDbOptions());
        Machine = new StateMachine(Engine, group, Limits, Cache, ownsSlot);
    }

    public StateLimits Limits { get; }

    public uint Group { get; }

    public RecordCache Cache { get; private set; }

    public RocksDbEngine Engine { get; private set; }

    public StateMachine Machine { get; private set; }

    public ulong Time { get; set; } = 1_000_000;

    public static byte[] B(string text) => Encoding.UTF8.GetBytes(text);

    public static string S(ReadOnlyMemory<byte> bytes) => Encoding.UTF8.GetString(bytes.Span);

    public Entry NextEntry(params ReadOnlyMemory<byte>[] batches) => EntryAt(Machine.Applied.Index + 1, batches);

    public Entry EntryAt(ulong index, params ReadOnlyMemory<byte>[] batches) => new(index, 1, EntryKind.Command, EntryPayload.Encode(Time, batches));

    /// <summary>Applies one write batch as one entry.</summary>
    public IReadOnlyList<CommandResult> Write(WriteBatchBuilder batch) => WriteRaw(batch.Build());

    public IReadOnlyList<CommandResult> WriteRaw(ReadOnlyMemory<byte> batch) => WriteResult.Decode(Machine.Apply([NextEntry(batch)])[0].BatchResults[0]);

    public CommandResult WriteOne(WriteBatchBuilder batch) => Assert.Single(Write(batch));

    public CommandResult Put(string key, string value, ulong ttl = 0) => WriteOne(new WriteBatchBuilder().Command().Put(B(key), B(value), ttl));

    public CommandResult Delete(string key) => WriteOne(new WriteBatchBuilder().Command().Delete(B(key)));

    public void MoveClock(ulong to)
    {
        Time = to;
        Machine.Apply([NextEntry()]);
    }

    public RecordAnswer Read(string key)
    {
        QueryResult result = QueryResult.Decode(Machine.Query(new QueryBatchBuilder().Get(B(key)).Build()), QueryKind.Get);
        Assert.Equal(RefusalCode.None, result.Code);
        return result.Answers[0].Record;
    }

    public string? Value(string key) => Read(key) is { Present: true } record ? S(record.Value) : null;

    public QueryAnswer Scan(string from, string to, uint limit = 0, uint bytes = 0, bool keysOnly = false)
    {
        QueryResult result = QueryResult.Decode(Machine.Query(new QueryBatchBuilder().Scan(B(from), B(to), limit, bytes, keysOnly).Build()), QueryKind.Scan);
        Assert.Equal(RefusalCode.None, result.Code);
        return result.Answers[0];
    }

    /// <summary>All rows of the group's epoch but for group and epoch, as hexadecimal text.</summary>
    public List<(string Key, string Value)> Rows(bool recordsOnly = false) => Rows(Engine, Machine, recordsOnly);

    public static List<(string Key, string Value)> Rows(IStateEngine engine, StateMachine machine, bool recordsOnly = false)
    {
        var rows = new List<(string, string)>();
        using IStateCursor cursor = engine.Cursor(machine.Keys.Start(recordsOnly ? RowKind.Record : RowKind.Meta), machine.Keys.End(recordsOnly ? RowKind.Record : RowKind.Expiry));
        while (cursor.Next())
        {
            rows.Add((Convert.ToHexString(cursor.Key[8..]), Convert.ToHexString(cursor.Value)));
        }

        return rows;
    }

    public void Flush() => Engine.Flush();

    /// <summary>Closes without flushing, as a crash would, and opens again.</summary>
    public void Reopen()
    {
        Engine.Dispose();
        Engine = RocksDbEngine.Open(folder.Path, new RocksDbOptions());
        Cache = new RecordCache(1000);
        Machine = new StateMachine(Engine, Group, Limits, Cache, ownsSlot);
    }

    public void Dispose()
    {
        Engine.Dispose();
        folder.Dispose();
    }
}
