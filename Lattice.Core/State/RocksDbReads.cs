using System.Runtime.InteropServices;
using RocksDbSharp;

namespace Lattice.Core.State;

/// <summary>Point reads that copy once, from where RocksDB pinned the value into an array of the right size.</summary>
internal static unsafe class RocksDbReads
{
    public static byte[]? Get(nint db, ReadOnlySpan<byte> key, nint readOptions)
    {
        nint error = 0;
        nint pinned;
        fixed (byte* start = &MemoryMarshal.GetReference(key))
        {
            pinned = Native.Instance.rocksdb_get_pinned(db, readOptions, start, (nuint)key.Length, out error);
        }

        if (error != 0)
        {
            throw new RocksDbException(error);
        }

        if (pinned == 0)
        {
            return null;
        }

        try
        {
            nint value = Native.Instance.rocksdb_pinnableslice_value(pinned, out nuint length);
            byte[] copy = GC.AllocateUninitializedArray<byte>(checked((int)length));
            new ReadOnlySpan<byte>((void*)value, copy.Length).CopyTo(copy);
            return copy;
        }
        finally
        {
            Native.Instance.rocksdb_pinnableslice_destroy(pinned);
        }
    }
}
