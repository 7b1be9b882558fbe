using System.Buffers.Binary;
using Lattice.Core.Consensus;

namespace Lattice.Core.State;

/// <summary>
/// The digest of a group's state: the sum, modulo 2^128, of the hashes of its rows, kept for each bucket of slots and in total. Sums do not depend on
/// the order in which rows came and went, so replicas that hold the same rows agree, whatever way they got them. Advanced as rows
/// change, written in the batch that changes them.
/// </summary>
internal sealed class DigestTable(uint group)
{
    /// <summary>Buckets of records.</summary>
    public const int RecordBuckets = 1024;

    /// <summary>The bucket of all session rows.</summary>
    public const int SessionBucket = RecordBuckets;

    /// <summary>The bucket of the configuration.</summary>
    public const int ConfigurationBucket = RecordBuckets + 1;

    /// <summary>All buckets.</summary>
    public const int Buckets = RecordBuckets + 2;

    private const int SlotsPerBucket = SlotHash.Slots / RecordBuckets;

    private readonly UInt128[] sums = new UInt128[Buckets];
    private readonly bool[] isChanged = new bool[Buckets];
    private readonly List<int> changed = [];
    private UInt128 total;

    /// <summary>Digest of each bucket.</summary>
    public ReadOnlySpan<UInt128> Sums => sums;

    /// <summary>The bucket of a record.</summary>
    public static int BucketOf(ReadOnlySpan<byte> key) => SlotHash.SlotOf(key) / SlotsPerBucket;

    /// <summary>The digest of the whole state.</summary>
    /// <param name="applied">The last entry applied.</param>
    /// <param name="revision">The group's revision.</param>
    /// <param name="clockMs">The group's clock.</param>
    public UInt128 Total(LogPosition applied, ulong revision, ulong clockMs) => total + RowHash.OfCounters(group, applied, revision, clockMs);

    /// <summary>Takes a row's hash out and puts another in; 0: none.</summary>
    public void Replace(int bucket, UInt128 before, UInt128 after)
    {
        UInt128 difference = after - before;
        sums[bucket] += difference;
        total += difference;
        if (!isChanged[bucket])
        {
            isChanged[bucket] = true;
            changed.Add(bucket);
        }
    }

    /// <summary>Adds a row of a snapshot or of the engine. A record counts by the hash of its bytes, whatever hash it carries.</summary>
    /// <returns>False: it is a record, and the hash that it carries does not vouch for it.</returns>
    public bool Add(RowKind kind, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        if (kind != RowKind.Record)
        {
            Replace(SessionBucket, default, RowHash.Of(group, kind, key, value));
            return true;
        }

        bool isWhole = value.Length >= StateRecord.HeaderSize;
        UInt128 hash = RowHash.Of(group, kind, key, isWhole ? value[StateRecord.HashSize..] : value);
        Replace(BucketOf(key), default, hash);
        return isWhole && new RowView(value).Hash == hash;
    }

    /// <summary>What the configuration adds.</summary>
    public static UInt128 HashOf(uint group, Configuration configuration) =>
        RowHash.Of(group, RowKind.Configuration, default, ConfigurationCodec.Encode(configuration));

    /// <summary>Puts a configuration in the place of the one before.</summary>
    public void SetConfiguration(Configuration configuration) =>
        Replace(ConfigurationBucket, sums[ConfigurationBucket], HashOf(group, configuration));

    /// <summary>Reads the sums from the engine.</summary>
    public void Load(IStateReader engine, StateKeys keys)
    {
        using IStateCursor cursor = engine.Cursor(keys.Start(RowKind.Digest), keys.End(RowKind.Digest));
        while (cursor.Next())
        {
            ReadOnlySpan<byte> key = cursor.Key[StateKeys.PrefixSize..];
            int bucket = key.Length == sizeof(ushort) ? BinaryPrimitives.ReadUInt16BigEndian(key) : Buckets;
            if (bucket >= Buckets || cursor.Value.Length != 16)
            {
                throw GroupMeta.Damaged(keys.Group);
            }

            sums[bucket] = BinaryPrimitives.ReadUInt128LittleEndian(cursor.Value);
            total += sums[bucket];
        }
    }

    /// <summary>Adds a row that came out of a snapshot.</summary>
    /// <exception cref="SnapshotCorruptException">It is a record, and the hash that it carries does not vouch for it.</exception>
    public void AddOfSnapshot(RowKind kind, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        if (!Add(kind, key, value))
        {
            throw new SnapshotCorruptException($"A record in the snapshot of group {group} is not what was written: the hash that it carries does not fit.");
        }
    }

    /// <summary>Rows that came out of a snapshot must have the digest that its sender's state had: whatever happened to them on the way, or before.</summary>
    /// <exception cref="SnapshotCorruptException">They have another one.</exception>
    public void CheckAgainst(SnapshotHeader header)
    {
        SetConfiguration(header.Configuration);
        UInt128 digest = Total(header.Meta.Applied, header.Meta.Revision, header.Meta.ClockMs);
        if (digest != header.Meta.Digest)
        {
            throw new SnapshotCorruptException($"The rows of the snapshot of group {group} at entry {header.Meta.Applied.Index} have the digest {digest:x32}, but the state that it was made of has {header.Meta.Digest:x32}.");
        }
    }

    /// <summary>Puts the sums that changed into a batch of the engine; an empty bucket has no row.</summary>
    public void WriteTo(StateBatch batch, StateKeys keys)
    {
        Span<byte> key = stackalloc byte[sizeof(ushort)];
        Span<byte> sum = stackalloc byte[16];
        foreach (int bucket in changed)
        {
            BinaryPrimitives.WriteUInt16BigEndian(key, (ushort)bucket);
            if (sums[bucket] == UInt128.Zero)
            {
                batch.Delete(keys.Fill(RowKind.Digest, key));
                continue;
            }

            BinaryPrimitives.WriteUInt128LittleEndian(sum, sums[bucket]);
            batch.Put(keys.Fill(RowKind.Digest, key), sum);
        }
    }

    /// <summary>The batch is in the engine.</summary>
    public void Committed()
    {
        foreach (int bucket in changed)
        {
            isChanged[bucket] = false;
        }

        changed.Clear();
    }
}
