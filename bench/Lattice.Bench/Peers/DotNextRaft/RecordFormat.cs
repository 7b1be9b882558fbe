using System.Buffers;
using System.Buffers.Binary;

namespace Lattice.Bench.Peers.DotNextRaft;

/// <summary>A record in a request, in the log and in a snapshot: the length of the key, the key, the value.</summary>
internal static class RecordFormat
{
    private const int LengthBytes = sizeof(int);

    /// <summary>A record as bytes.</summary>
    public static byte[] Write(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        byte[] record = new byte[LengthBytes + key.Length + value.Length];
        BinaryPrimitives.WriteInt32LittleEndian(record, key.Length);
        key.CopyTo(record.AsSpan(LengthBytes));
        value.CopyTo(record.AsSpan(LengthBytes + key.Length));
        return record;
    }

    /// <summary>The key and the value of a record.</summary>
    public static (byte[] Key, byte[] Value) Read(in ReadOnlySequence<byte> record)
    {
        var bytes = new SequenceReader<byte>(record);
        bytes.TryReadLittleEndian(out int keyBytes);
        bytes.TryReadExact(keyBytes, out ReadOnlySequence<byte> key);
        return (key.ToArray(), bytes.UnreadSequence.ToArray());
    }
}
