using System.Buffers.Binary;

namespace Lattice.Core.State;

/// <summary>Kinds of rows of a group. The numbers are part of the format of <c>state/</c> and of snapshots, and their order is the order of rows.</summary>
internal enum RowKind : byte
{
    /// <summary>Applied position, revision and clock.</summary>
    Meta = 0,

    /// <summary>The configuration.</summary>
    Configuration = 1,

    /// <summary>Key: the record's key. Value: revision, expiry, value.</summary>
    Record = 2,

    /// <summary>Key: client, index of the entry, number of the batch in it. Value: results that the session may ask for again.</summary>
    Session = 3,

    /// <summary>Key: expiry (big-endian), the record's key. No value. Follows from the records.</summary>
    Expiry = 4,

    /// <summary>Key: number of a bucket. Value: the sum of the hashes of its rows.</summary>
    Digest = 5,
}

/// <summary>
/// Keys of rows in the engine: <c>[group u32][epoch u32][kind u8][…]</c>, big-endian, so that byte order is the order of
/// group, epoch, kind and record key. A snapshot is installed into a new epoch while the old one still serves; one small
/// row in epoch 0 names the epoch that counts. Owned by one loop: the spans handed out share a buffer.
/// </summary>
internal sealed class StateKeys(uint group, uint epoch)
{
    public const int PrefixSize = 9;

    private readonly byte[] buffer = new byte[PrefixSize + 8 + ushort.MaxValue];

    public uint Group => group;

    public uint Epoch => epoch;

    /// <summary>The row that names the group's epoch.</summary>
    public static byte[] Root(uint group) => Prefix(group, 0, RowKind.Meta);

    /// <summary>First key of the group's epoch; also the end of the one before.</summary>
    public static byte[] EpochStart(uint group, uint epoch)
    {
        byte[] key = new byte[8];
        BinaryPrimitives.WriteUInt32BigEndian(key, group);
        BinaryPrimitives.WriteUInt32BigEndian(key.AsSpan(4), epoch);
        return key;
    }

    public static byte[] Prefix(uint group, uint epoch, RowKind kind)
    {
        byte[] key = new byte[PrefixSize];
        WritePrefix(key, group, epoch, kind);
        return key;
    }

    public static void WritePrefix(Span<byte> key, uint group, uint epoch, RowKind kind)
    {
        BinaryPrimitives.WriteUInt32BigEndian(key, group);
        BinaryPrimitives.WriteUInt32BigEndian(key[4..], epoch);
        key[8] = (byte)kind;
    }

    /// <summary>Epoch in a row's key.</summary>
    public static uint EpochOf(ReadOnlySpan<byte> row) => BinaryPrimitives.ReadUInt32BigEndian(row[4..]);

    public byte[] Start(RowKind kind) => Prefix(group, epoch, kind);

    /// <summary>End (exclusive) of the rows of a kind.</summary>
    public byte[] End(RowKind kind) => Prefix(group, epoch, kind + 1);

    /// <summary>Key of a record's row; valid until the next call.</summary>
    public ReadOnlySpan<byte> Record(ReadOnlySpan<byte> key) => Fill(RowKind.Record, key);

    /// <summary>Key of a row whose rest is given; valid until the next call.</summary>
    public ReadOnlySpan<byte> Fill(RowKind kind, ReadOnlySpan<byte> rest)
    {
        WritePrefix(buffer, group, epoch, kind);
        rest.CopyTo(buffer.AsSpan(PrefixSize));
        return buffer.AsSpan(0, PrefixSize + rest.Length);
    }

    /// <summary>Key of a record's row in the expiry index; valid until the next call.</summary>
    public ReadOnlySpan<byte> Expiry(ulong expiryMs, ReadOnlySpan<byte> key)
    {
        WritePrefix(buffer, group, epoch, RowKind.Expiry);
        BinaryPrimitives.WriteUInt64BigEndian(buffer.AsSpan(PrefixSize), expiryMs);
        key.CopyTo(buffer.AsSpan(PrefixSize + 8));
        return buffer.AsSpan(0, PrefixSize + 8 + key.Length);
    }

    /// <summary>Expiry and record key in a key of the expiry index.</summary>
    public static ulong ReadExpiry(ReadOnlySpan<byte> row, out ReadOnlySpan<byte> key)
    {
        key = row[(PrefixSize + 8)..];
        return BinaryPrimitives.ReadUInt64BigEndian(row[PrefixSize..]);
    }
}
