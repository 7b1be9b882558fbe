using System.Runtime.InteropServices;
using RocksDbSharp;

namespace Lattice.Core.State;

/// <summary>
/// A cursor of RocksDB. The end of the range is given to RocksDB too, so that it does not read past it. Native objects are
/// used directly: the binding's options free the end that they were handed, and nothing before they are finalised.
/// </summary>
internal sealed unsafe class RocksDbCursor : IStateCursor
{
    private readonly ReadOnlyMemory<byte> from;
    private readonly nint options;
    private readonly nint iterator;
    private readonly byte* upperBound;
    private bool started;
    private bool ended;
    private bool disposed;

    public RocksDbCursor(nint db, nint snapshot, ReadOnlyMemory<byte> from, ReadOnlyMemory<byte> to)
    {
        this.from = from;

        // RocksDB keeps the address, not the bytes.
        upperBound = (byte*)NativeMemory.Alloc((nuint)Math.Max(1, to.Length));
        to.Span.CopyTo(new Span<byte>(upperBound, to.Length));
        options = Native.Instance.rocksdb_readoptions_create();
        Native.Instance.rocksdb_readoptions_set_iterate_upper_bound(options, upperBound, (nuint)to.Length);
        if (snapshot != 0)
        {
            // Who reads from a snapshot reads a whole group: that must not push what readers need out of the block cache.
            Native.Instance.rocksdb_readoptions_set_snapshot(options, snapshot);
            Native.Instance.rocksdb_readoptions_set_fill_cache(options, 0);
        }

        iterator = Native.Instance.rocksdb_create_iterator(db, options);
    }

    public ReadOnlySpan<byte> Key
    {
        get
        {
            nint key = Native.Instance.rocksdb_iter_key(iterator, out nuint length);
            return new ReadOnlySpan<byte>((void*)key, (int)length);
        }
    }

    public ReadOnlySpan<byte> Value
    {
        get
        {
            nint value = Native.Instance.rocksdb_iter_value(iterator, out nuint length);
            return new ReadOnlySpan<byte>((void*)value, (int)length);
        }
    }

    public bool Next()
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        if (ended)
        {
            // RocksDB does not survive a step beyond the end.
            return false;
        }

        if (started)
        {
            Native.Instance.rocksdb_iter_next(iterator);
        }
        else
        {
            byte empty;
            fixed (byte* start = from.Span)
            {
                Native.Instance.rocksdb_iter_seek(iterator, start == null ? &empty : start, (nuint)from.Length);
            }

            started = true;
        }

        if (Native.Instance.rocksdb_iter_valid(iterator) != 0)
        {
            return true;
        }

        ended = true;

        // The end, or a file that cannot be read: taking one for the other would lose records silently.
        Native.Instance.rocksdb_iter_get_error(iterator, out nint error);
        return error == 0
            ? false
            : throw RocksDbEngine.Translate(RocksDbEngine.ReadFailed, new RocksDbException(error), RocksDbEngine.ReadAdvice);
    }

    public void Dispose()
    {
        if (disposed)
        {
            return;
        }

        disposed = true;
        Native.Instance.rocksdb_iter_destroy(iterator);
        Native.Instance.rocksdb_readoptions_destroy(options);
        NativeMemory.Free(upperBound);
    }
}
