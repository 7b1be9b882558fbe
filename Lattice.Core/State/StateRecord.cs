using System.Buffers.Binary;

namespace Lattice.Core.State;

/// <summary>
/// A record as the state holds it, or the absence of one. Immutable: the bytes behind it are shared by the cache,
/// effects and answers and never change.
/// </summary>
public readonly struct StateRecord
{
    internal const int HeaderSize = HashSize + 16;

    internal const int HashSize = 16;

    private readonly byte[]? row;

    internal StateRecord(byte[]? row) => this.row = row;

    internal StateRecord(uint group, ReadOnlySpan<byte> key, ulong revision, ulong expiry, ReadOnlySpan<byte> value)
    {
        row = GC.AllocateUninitializedArray<byte>(HeaderSize + value.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(row.AsSpan(HashSize), revision);
        BinaryPrimitives.WriteUInt64LittleEndian(row.AsSpan(HashSize + 8), expiry);
        value.CopyTo(row.AsSpan(HeaderSize));
        BinaryPrimitives.WriteUInt128LittleEndian(row, RowHash.Of(group, RowKind.Record, key, row.AsSpan(HashSize)));
    }

    /// <summary>Whether there is a record.</summary>
    public bool Exists => row is not null;

    /// <summary>Revision of the group's command that wrote it; 0 when absent.</summary>
    public ulong Revision => row is null ? 0 : BinaryPrimitives.ReadUInt64LittleEndian(row.AsSpan(HashSize));

    /// <summary>When it expires, in milliseconds since 1970 by the leader's stamp; 0: never.</summary>
    public ulong ExpiryMs => row is null ? 0 : BinaryPrimitives.ReadUInt64LittleEndian(row.AsSpan(HashSize + 8));

    /// <summary>The value; empty when absent.</summary>
    public ReadOnlyMemory<byte> Value => row is null ? default : row.AsMemory(HeaderSize);

    /// <summary>Hash, revision, expiry and value as the engine holds them.</summary>
    public ReadOnlyMemory<byte> Row => row;

    /// <summary>The hash that the record carries; 0 when absent.</summary>
    internal UInt128 Hash => row is null ? default : BinaryPrimitives.ReadUInt128LittleEndian(row);

    internal byte[]? RawRow => row;

    internal ReadOnlySpan<byte> ValueSpan => row is null ? default : row.AsSpan(HeaderSize);

    /// <summary>The record as readers see it at a time: one that has expired is not there, whether it was removed yet or not.</summary>
    public StateRecord VisibleAt(ulong clockMs) => IsExpired(ExpiryMs, clockMs) ? default : this;

    /// <summary>Whether a row is a whole record whose hash vouches for it.</summary>
    internal static bool IsSound(uint group, ReadOnlySpan<byte> key, ReadOnlySpan<byte> row) =>
        row.Length >= HeaderSize && BinaryPrimitives.ReadUInt128LittleEndian(row) == RowHash.Of(group, RowKind.Record, key, row[HashSize..]);

    internal static bool IsExpired(ulong expiryMs, ulong clockMs) => expiryMs != 0 && expiryMs <= clockMs;
}

/// <summary>What a command or the clock did to one record.</summary>
/// <param name="Key">Key of the record.</param>
/// <param name="Before">The record before; one that had expired but was not removed yet is given too.</param>
/// <param name="After">The record after.</param>
public readonly record struct Effect(ReadOnlyMemory<byte> Key, StateRecord Before, StateRecord After);

/// <summary>A record's row under a cursor.</summary>
internal readonly ref struct RowView(ReadOnlySpan<byte> row)
{
    private readonly ReadOnlySpan<byte> row = row;

    public UInt128 Hash => BinaryPrimitives.ReadUInt128LittleEndian(row);

    public ulong Revision => BinaryPrimitives.ReadUInt64LittleEndian(row[16..]);

    public ulong ExpiryMs => BinaryPrimitives.ReadUInt64LittleEndian(row[24..]);

    public ReadOnlySpan<byte> Value => row[StateRecord.HeaderSize..];
}
