using RocksDbSharp;

namespace Lattice.Core.State;

/// <summary>A batch of RocksDB. Keys and values are copied into it by the native side.</summary>
internal sealed unsafe class RocksDbBatch : StateBatch
{
    private readonly WriteBatch batch = new();

    public WriteBatch Native => batch;

    public override void Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        byte empty;
        fixed (byte* keyStart = key)
        fixed (byte* valueStart = value)
        {
            batch.Put(Start(keyStart, &empty), (ulong)key.Length, Start(valueStart, &empty), (ulong)value.Length);
        }
    }

    public override void Delete(ReadOnlySpan<byte> key)
    {
        byte empty;
        fixed (byte* start = key)
        {
            batch.Delete(Start(start, &empty), (ulong)key.Length);
        }
    }

    public override void DeleteRange(ReadOnlySpan<byte> from, ReadOnlySpan<byte> to)
    {
        byte empty;
        fixed (byte* fromStart = from)
        fixed (byte* toStart = to)
        {
            batch.DeleteRange(Start(fromStart, &empty), (ulong)from.Length, Start(toStart, &empty), (ulong)to.Length);
        }
    }

    public override void Clear() => batch.Clear();

    public override void Dispose() => batch.Dispose();

    // An empty span has no address, and the native side asks for one even when there is nothing behind it.
    private static byte* Start(byte* start, byte* empty) => start == null ? empty : start;
}
