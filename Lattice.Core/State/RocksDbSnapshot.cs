using RocksDbSharp;

namespace Lattice.Core.State;

/// <summary>A view of RocksDB that does not change.</summary>
internal sealed class RocksDbSnapshot : IStateSnapshot
{
    private readonly RocksDbEngine engine;
    private readonly Snapshot snapshot;
    private readonly ReadOptions readOptions;
    private bool disposed;

    public RocksDbSnapshot(RocksDbEngine engine)
    {
        this.engine = engine;
        snapshot = engine.Db.CreateSnapshot();
        readOptions = new ReadOptions().SetSnapshot(snapshot);
    }

    public byte[]? Get(ReadOnlySpan<byte> key) => engine.Get(key, readOptions);

    public IStateCursor Cursor(ReadOnlyMemory<byte> from, ReadOnlyMemory<byte> to) => new RocksDbCursor(engine.Db.Handle, snapshot.Handle, from, to);

    public void Dispose()
    {
        if (!disposed)
        {
            disposed = true;
            snapshot.Dispose();
        }
    }
}
