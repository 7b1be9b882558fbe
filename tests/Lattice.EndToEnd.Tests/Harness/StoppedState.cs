using System.Buffers.Binary;
using System.Text;
using Lattice.Core.Consensus;
using Lattice.Core.State;

namespace Lattice.EndToEnd.Tests.Harness;

/// <summary>The state of a group on a node that does not run, opened in RocksDB past everything that guards it.</summary>
internal sealed class StoppedState : IDisposable
{
    private readonly RocksDbEngine engine;
    private readonly uint group;
    private readonly StateKeys keys;

    public StoppedState(string dataDirectory, uint group)
    {
        engine = RocksDbEngine.Open(Path.Combine(dataDirectory, "state"), new RocksDbOptions());
        this.group = group;
        keys = new StateKeys(group, GroupMeta.DecodeRoot(group, engine.Get(StateKeys.Root(group))));
    }

    private GroupMeta Meta => GroupMeta.Decode(group, engine.Get(keys.Fill(RowKind.Meta, default)));

    /// <summary>Changes one bit of a record's value: its hash does not vouch for it any more.</summary>
    public void FlipValue(string key)
    {
        byte[] row = Row(key);
        row[^1] ^= 0x20;
        Put(keys.Record(Bytes(key)), row);
    }

    /// <summary>Takes a record away, and nothing of what goes with it.</summary>
    public void Lose(string key) => Delete(keys.Record(Bytes(key)));

    /// <summary>Puts a whole record in another's place, or where none was, and changes nothing of what goes with it.</summary>
    public void Overwrite(string key, string value, ulong revision) => Put(keys.Record(Bytes(key)), Whole(key, value, revision));

    /// <summary>Puts another record in its place and fits hash, bucket and digest, so that the node is consistent in itself.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="value">The other value.</param>
    /// <param name="revision">The other revision; null: the same.</param>
    public void Fit(string key, string value, ulong? revision = null)
    {
        byte[] row = Row(key);
        byte[] other = Whole(key, value, revision ?? BinaryPrimitives.ReadUInt64LittleEndian(row.AsSpan(StateRecord.HashSize)));
        UInt128 difference = BinaryPrimitives.ReadUInt128LittleEndian(other) - BinaryPrimitives.ReadUInt128LittleEndian(row);
        Put(keys.Record(Bytes(key)), other);
        byte[] bucket = DigestRow(DigestTable.BucketOf(Bytes(key)));
        byte[] sum = engine.Get(bucket)!;
        BinaryPrimitives.WriteUInt128LittleEndian(sum, BinaryPrimitives.ReadUInt128LittleEndian(sum) + difference);
        Put(bucket, sum);
        Write(Meta with { Digest = Meta.Digest + difference });
    }

    /// <summary>Says that the state stands at a later entry than it does.</summary>
    /// <param name="by">How many entries later.</param>
    /// <param name="isFitted">Whether the digest is made to fit.</param>
    public void MoveApplied(ulong by, bool isFitted)
    {
        GroupMeta meta = Meta;
        var later = new LogPosition(meta.Applied.Index + by, meta.Applied.Term);
        UInt128 digest = meta.Digest - Counters(meta) + Counters(meta with { Applied = later });
        Write(meta with { Applied = later, Digest = isFitted ? digest : meta.Digest });
    }

    /// <summary>Changes one bit of the stored digest of a record's bucket.</summary>
    public void FlipDigest(string key)
    {
        byte[] bucket = DigestRow(DigestTable.BucketOf(Bytes(key)));
        byte[] sum = engine.Get(bucket)!;
        sum[3] ^= 0x10;
        Put(bucket, sum);
    }

    /// <summary>Changes one bit of the first row of a kind.</summary>
    public void FlipFirst(RowKind kind)
    {
        (byte[] key, byte[] value) = First(kind);
        value[^1] ^= 0x01;
        Put(key, value);
    }

    /// <summary>Changes one bit of the row that names where the group's rows are.</summary>
    public void FlipRoot()
    {
        byte[] row = engine.Get(StateKeys.Root(group))!;
        row[1] ^= 0x04;
        Put(StateKeys.Root(group), row);
    }

    /// <summary>Takes the first row of a kind away.</summary>
    public void LoseFirst(RowKind kind) => Delete(First(kind).Key);

    public void Dispose()
    {
        // RocksDB's own log is off.
        engine.Flush();
        engine.Dispose();
    }

    private static byte[] Bytes(string key) => Encoding.UTF8.GetBytes(key);

    private UInt128 Counters(GroupMeta meta) => RowHash.OfCounters(group, meta.Applied, meta.Revision, meta.ClockMs);

    private byte[] Whole(string key, string value, ulong revision) => new StateRecord(group, Bytes(key), revision, 0, Encoding.UTF8.GetBytes(value)).Row.ToArray();

    private byte[] Row(string key) => engine.Get(keys.Record(Bytes(key))) ?? throw new InvalidOperationException($"The state has no record '{key}'.");

    private byte[] DigestRow(int bucket)
    {
        byte[] number = new byte[sizeof(ushort)];
        BinaryPrimitives.WriteUInt16BigEndian(number, (ushort)bucket);
        return keys.Fill(RowKind.Digest, number).ToArray();
    }

    private (byte[] Key, byte[] Value) First(RowKind kind)
    {
        using IStateCursor cursor = engine.Cursor(keys.Start(kind), keys.End(kind));
        return cursor.Next() ? (cursor.Key.ToArray(), cursor.Value.ToArray()) : throw new InvalidOperationException($"The state has no row of kind {kind}.");
    }

    private void Write(GroupMeta meta)
    {
        var writer = new WireWriter();
        meta.EncodeTo(writer);
        Put(keys.Fill(RowKind.Meta, default), writer.Written.ToArray());
    }

    private void Put(ReadOnlySpan<byte> key, byte[] value)
    {
        using StateBatch batch = engine.CreateBatch();
        batch.Put(key, value);
        engine.Write(batch);
    }

    private void Delete(ReadOnlySpan<byte> key)
    {
        using StateBatch batch = engine.CreateBatch();
        batch.Delete(key);
        engine.Write(batch);
    }
}
