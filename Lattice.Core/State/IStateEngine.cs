namespace Lattice.Core.State;

/// <summary>
/// An ordered byte-string store with atomic batches and consistent snapshots, in which every replica of a node keeps
/// its state: RocksDB in production, a simulated one in the simulator. Its own write-ahead log is off: after a crash
/// it holds a prefix of the batches written, in order, at least up to the last <see cref="Flush"/>.
/// Safe for use from several threads.
/// </summary>
public interface IStateEngine : IStateReader, IDisposable
{
    /// <summary>An empty batch of this engine's kind.</summary>
    StateBatch CreateBatch();

    /// <summary>Applies the batch atomically; visible at once, durable by the next <see cref="Flush"/>.</summary>
    void Write(StateBatch batch);

    /// <summary>A consistent view of everything written so far.</summary>
    IStateSnapshot Snapshot();

    /// <summary>Makes every batch written before the call durable. Blocks; called beside the groups' loops.</summary>
    void Flush();
}

/// <summary>Reads from an <see cref="IStateEngine"/> or from a snapshot of it.</summary>
public interface IStateReader
{
    /// <summary>The value of the key, or null.</summary>
    byte[]? Get(ReadOnlySpan<byte> key);

    /// <summary>A cursor over the keys from <paramref name="from"/> (inclusive) to <paramref name="to"/> (exclusive), in byte order.</summary>
    IStateCursor Cursor(ReadOnlyMemory<byte> from, ReadOnlyMemory<byte> to);
}

/// <summary>A view that does not change. Dispose it soon: it keeps old versions alive.</summary>
public interface IStateSnapshot : IStateReader, IDisposable;

/// <summary>A forward cursor. The spans are valid until the next move.</summary>
public interface IStateCursor : IDisposable
{
    /// <summary>Moves to the next (at first: the first) key; false at the end, and at every call after it.</summary>
    bool Next();

    /// <summary>Key at the cursor.</summary>
    ReadOnlySpan<byte> Key { get; }

    /// <summary>Value at the cursor.</summary>
    ReadOnlySpan<byte> Value { get; }
}

/// <summary>An ordered list of writes that an <see cref="IStateEngine"/> applies as one. Reusable after <see cref="Clear"/>; used by one thread.</summary>
public abstract class StateBatch : IDisposable
{
    /// <summary>Sets the key.</summary>
    public abstract void Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value);

    /// <summary>Removes the key, if there.</summary>
    public abstract void Delete(ReadOnlySpan<byte> key);

    /// <summary>Removes the keys from <paramref name="from"/> (inclusive) to <paramref name="to"/> (exclusive).</summary>
    public abstract void DeleteRange(ReadOnlySpan<byte> from, ReadOnlySpan<byte> to);

    /// <summary>Empties the batch.</summary>
    public abstract void Clear();

    /// <summary>Releases what the batch holds.</summary>
    public abstract void Dispose();
}

/// <summary>An engine that tells figures of its inner life.</summary>
internal interface IMeasuredEngine
{
    /// <summary>A figure by the engine's own name for it; 0 when it does not know it, or is closed. Any thread.</summary>
    long Figure(string name);
}
