namespace Lattice.Core.State;

/// <summary>How much the state engine of a node may use. Immutable.</summary>
public sealed record RocksDbOptions
{
    /// <summary>Bytes of writes that are gathered in memory before they are written to a file.</summary>
    public long MemtableBytes { get; init; } = 32 << 20;

    /// <summary>How many of those may be filled or being written at a time; then writers wait.</summary>
    public int Memtables { get; init; } = 2;

    /// <summary>Bytes of file blocks, their indexes and filters kept in memory.</summary>
    public long BlockCacheBytes { get; init; } = 32 << 20;

    /// <summary>Files held open.</summary>
    public int MaxOpenFiles { get; init; } = 256;

    /// <summary>Threads that write and merge files.</summary>
    public int BackgroundThreads { get; init; } = 2;
}
