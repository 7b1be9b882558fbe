namespace Lattice.Core.Disk;

/// <summary>A file that stands for something else and can only be read.</summary>
public abstract class ReadOnlyFile : IDiskFile
{
    /// <inheritdoc/>
    public abstract long Length { get; }

    /// <inheritdoc/>
    public abstract int Read(long offset, Span<byte> buffer);

    /// <inheritdoc/>
    public void Write(long offset, ReadOnlySpan<byte> data) => throw new NotSupportedException();

    /// <inheritdoc/>
    public void Preallocate(long length) => throw new NotSupportedException();

    /// <inheritdoc/>
    public void Truncate(long length) => throw new NotSupportedException();

    /// <inheritdoc/>
    public void Sync() => throw new NotSupportedException();

    /// <inheritdoc/>
    public abstract void Dispose();
}
