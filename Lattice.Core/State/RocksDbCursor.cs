using System.Runtime.InteropServices;
using RocksDbSharp;

namespace Lattice.Core.State;

/// <summary>A cursor of RocksDB. The end of the range is given to RocksDB too, so that it does not read past it.</summary>
internal sealed unsafe class RocksDbCursor : IStateCursor
{
    // A cursor that reads a whole group, for a snapshot say, must not push what readers need out of the block cache.
    private const bool FillsCache = false;

    private readonly ReadOptions readOptions;
    private readonly Iterator iterator;
    private readonly ReadOnlyMemory<byte> from;
    private readonly byte* upperBound;
    private bool started;
    private bool disposed;

    public RocksDbCursor(RocksDbEngine engine, Snapshot? snapshot, ReadOnlyMemory<byte> from, ReadOnlyMemory<byte> to)
    {
        this.from = from;

        // RocksDB keeps the address, not the bytes.
        upperBound = (byte*)NativeMemory.Alloc((nuint)Math.Max(1, to.Length));
        to.Span.CopyTo(new Span<byte>(upperBound, to.Length));
        readOptions = new ReadOptions().SetIterateUpperBound(upperBound, (ulong)to.Length);
        if (snapshot is not null)
        {
            readOptions.SetSnapshot(snapshot).SetFillCache(FillsCache);
        }

        iterator = engine.Db.NewIterator(cf: null, readOptions);
    }

    public ReadOnlySpan<byte> Key => iterator.GetKeySpan();

    public ReadOnlySpan<byte> Value => iterator.GetValueSpan();

    public bool Next()
    {
        if (started)
        {
            iterator.Next();
        }
        else
        {
            iterator.Seek(from.Span);
            started = true;
        }

        if (iterator.Valid())
        {
            return true;
        }

        // The end, or a file that cannot be read: taking one for the other would lose records silently.
        Native.Instance.rocksdb_iter_get_error(iterator.Handle, out nint error);
        return error == 0
            ? false
            : throw RocksDbEngine.Translate("The state cannot be read", new RocksDbException(error), "The node has to stop. If a file is damaged, remove the directories 'wal' and 'state' of this node and start it again: the other nodes then bring it up to date.");
    }

    public void Dispose()
    {
        if (disposed)
        {
            return;
        }

        disposed = true;
        iterator.Dispose();
        NativeMemory.Free(upperBound);
        GC.KeepAlive(readOptions);
    }
}
