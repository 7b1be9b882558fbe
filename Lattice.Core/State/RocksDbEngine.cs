using System.Globalization;
using System.Runtime.CompilerServices;
using Lattice.Core.Disk;
using RocksDbSharp;

namespace Lattice.Core.State;

/// <summary>
/// The state in RocksDB. Its write-ahead log is off, since the node's log is the log: writes go to memory, in order, and from
/// there to files; a crash loses the newest of them, never one without those after it, and never half a batch, because
/// there is one column family, whose memtables reach the disk in order.
/// </summary>
public sealed class RocksDbEngine : IStateEngine, IMeasuredEngine
{
    internal const string ReadFailed = "The state cannot be read";
    internal const string ReadAdvice = "The node has to stop. If a file is damaged, remove the directories 'wal' and 'state' of this node and start it again: the other nodes then bring it up to date.";

    private const double BloomBitsPerKey = 10;
    private const ulong BlockBytes = 16 << 10;
    private const int DisableWal = 1;

    private readonly RocksDb db;
    private readonly DbOptions options;
    private readonly WriteOptions writeOptions;
    private readonly ReadOptions readOptions;
    private readonly FlushOptions flushOptions;
    private readonly Lock disposing = new();
    private bool disposed;

    private RocksDbEngine(RocksDb db, DbOptions options)
    {
        this.db = db;
        this.options = options;
        writeOptions = new WriteOptions().DisableWal(DisableWal);
        readOptions = new ReadOptions();
        flushOptions = new FlushOptions().SetWaitForFlush(waitForFlush: true);
    }

    internal RocksDb Db => db;

    /// <summary>Loads the library and binds its hundreds of functions, which the first use does otherwise: beside other work of a start.</summary>
    public static void Preload() => RuntimeHelpers.RunClassConstructor(typeof(RocksDbSharp.Native).TypeHandle);

    /// <summary>Opens the engine, or creates an empty one.</summary>
    /// <param name="path">Its directory.</param>
    /// <param name="options">What it may use.</param>
    /// <exception cref="StateEngineException">The directory is in use, or its files are damaged.</exception>
    /// <exception cref="DiskFullException">There is no room to open it.</exception>
    public static RocksDbEngine Open(string path, RocksDbOptions options)
    {
        DbOptions native = Native(options);
        try
        {
            Directory.CreateDirectory(path);
            return new RocksDbEngine(RocksDb.Open(native, path), native);
        }
        catch (RocksDbException e)
        {
            throw e.Message.Contains("lock", StringComparison.OrdinalIgnoreCase)
                ? new StateEngineException($"The state in {path} is in use by another process ({e.Message}). Stop that process first; nothing was changed.", e)
                : Translate($"The state in {path} cannot be opened", e, "If files in it are damaged, remove the directories 'wal' and 'state' of this node and start it again: the other nodes then bring it up to date.");
        }
    }

    /// <inheritdoc/>
    public StateBatch CreateBatch() => new RocksDbBatch();

    /// <inheritdoc/>
    /// <exception cref="DiskFullException">The volume is full; nothing of the batch was written.</exception>
    /// <exception cref="StateEngineException">The disk failed or a file is damaged.</exception>
    public void Write(StateBatch batch)
    {
        try
        {
            db.Write(((RocksDbBatch)batch).Native, writeOptions);
        }
        catch (RocksDbException e)
        {
            throw Translate("The state cannot be written", e, "The node has to stop; see the operating system's log for errors of the disk.");
        }
    }

    /// <inheritdoc/>
    public byte[]? Get(ReadOnlySpan<byte> key) => Get(key, readOptions);

    /// <inheritdoc/>
    public IStateCursor Cursor(ReadOnlyMemory<byte> from, ReadOnlyMemory<byte> to) => new RocksDbCursor(db.Handle, snapshot: 0, from, to);

    /// <inheritdoc/>
    public IStateSnapshot Snapshot() => new RocksDbSnapshot(this);

    /// <inheritdoc/>
    /// <exception cref="DiskFullException">The volume is full; may be tried again when there is room.</exception>
    /// <exception cref="StateEngineException">The disk failed.</exception>
    public void Flush()
    {
        try
        {
            db.Flush(flushOptions);
        }
        catch (RocksDbException e)
        {
            throw Translate("The state cannot be made durable", e, "The node has to stop; see the operating system's log for errors of the disk.");
        }
    }

    /// <inheritdoc/>
    long IMeasuredEngine.Figure(string name)
    {
        lock (disposing)
        {
            return !disposed && long.TryParse(db.GetProperty(name), NumberStyles.None, CultureInfo.InvariantCulture, out long value) ? value : 0;
        }
    }

    /// <summary>Closes the engine. What was not flushed is lost, as in a crash.</summary>
    public void Dispose()
    {
        lock (disposing)
        {
            if (disposed)
            {
                return;
            }

            disposed = true;
            db.Dispose();
            GC.KeepAlive(options);
        }
    }

    internal byte[]? Get(ReadOnlySpan<byte> key, ReadOptions with)
    {
        try
        {
            return RocksDbReads.Get(db.Handle, key, with.Handle);
        }
        catch (RocksDbException e)
        {
            throw Translate(ReadFailed, e, ReadAdvice);
        }
    }

    internal static Exception Translate(string what, RocksDbException e, string advice) =>
        e.Message.Contains("No space", StringComparison.OrdinalIgnoreCase)
            ? new DiskFullException($"{what}: the volume is full ({e.Message}).", e)
            : new StateEngineException($"{what}: {e.Message}. {advice}", e);

    private static DbOptions Native(RocksDbOptions o)
    {
        BlockBasedTableOptions table = new BlockBasedTableOptions()
            .SetBlockCache(Cache.CreateLru((ulong)o.BlockCacheBytes))
            .SetBlockSize(BlockBytes)
            .SetFilterPolicy(RocksDbSharp.Native.Instance.rocksdb_filterpolicy_create_bloom_full(BloomBitsPerKey))
            .SetCacheIndexAndFilterBlocks(cacheIndexAndFilterBlocks: true)
            .SetPinL0FilterAndIndexBlocksInCache(pinL0FilterAndIndexBlocksInCache: true);
        DbOptions native = new DbOptions()
            .SetCreateIfMissing(value: true)
            .SetBlockBasedTableFactory(table)
            .SetWriteBufferSize((ulong)o.MemtableBytes)
            .SetMaxWriteBufferNumber(o.Memtables)
            .SetCompression(Compression.Lz4)
            .SetMaxOpenFiles(o.MaxOpenFiles)
            .SetMaxFileOpeningThreads(1)
            .SetBytesPerSync(1 << 20)
            .SetEnableWriteThreadAdaptiveYield(value: false)
            .SetInfoLogLevel(InfoLogLevel.Error)
            .SetKeepLogFileNum(2)
            .SetMaxLogFileSize(1 << 20)
            .SetStatsDumpPeriodSec(0)
            .SetMaxManifestFileSize(4 << 20)
            .SkipStatsUpdateOnOpen(val: true);
        RocksDbSharp.Native.Instance.rocksdb_options_set_max_background_jobs(native.Handle, o.BackgroundThreads);

        // Flushing is this interface's word for durability; a node that stops because something is wrong should not write on.
        RocksDbSharp.Native.Instance.rocksdb_options_set_avoid_flush_during_shutdown(native.Handle, 1);
        return native;
    }
}

/// <summary>The state engine failed. The message says what, what it means and what to do.</summary>
public sealed class StateEngineException(string message, Exception inner) : Exception(message, inner);
