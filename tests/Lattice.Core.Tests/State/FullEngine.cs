using Lattice.Core.Disk;
using Lattice.Core.State;

namespace Lattice.Core.Tests.State;

/// <summary>An engine on a volume that fills up: first its files find no room, then its memory does not take any more either.</summary>
internal sealed class FullEngine(IStateEngine inner) : IStateEngine
{
    /// <summary>Whether it takes nothing more.</summary>
    public bool IsFull { get; set; }

    /// <summary>Whether it makes nothing more durable.</summary>
    public bool RefusesFlushes { get; set; }

    public StateBatch CreateBatch() => inner.CreateBatch();

    public void Write(StateBatch batch)
    {
        ThrowIf(IsFull);
        inner.Write(batch);
    }

    public IStateSnapshot Snapshot() => inner.Snapshot();

    public void Flush()
    {
        ThrowIf(IsFull || RefusesFlushes);
        inner.Flush();
    }

    public byte[]? Get(ReadOnlySpan<byte> key) => inner.Get(key);

    public IStateCursor Cursor(ReadOnlyMemory<byte> from, ReadOnlyMemory<byte> to) => inner.Cursor(from, to);

    public void Dispose()
    {
        // The engine inside belongs to the fixture.
    }

    private static void ThrowIf(bool isFull)
    {
        if (isFull)
        {
            throw new DiskFullException("full");
        }
    }
}
