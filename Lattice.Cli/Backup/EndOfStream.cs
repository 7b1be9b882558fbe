namespace Lattice.Cli.Backup;

/// <summary>Takes what is written to it and keeps the end.</summary>
internal sealed class EndOfStream : Stream
{
    private const int Kept = 1 << 20;

    private readonly byte[] bytes = new byte[2 * Kept];
    private int filled;

    /// <summary>The latest bytes: all, or a megabyte of them at least.</summary>
    public ReadOnlyMemory<byte> Bytes => bytes.AsMemory(0, filled);

    /// <inheritdoc/>
    public override bool CanRead => false;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        ReadOnlySpan<byte> latest = buffer[^Math.Min(buffer.Length, Kept)..];
        if (filled + latest.Length > bytes.Length)
        {
            bytes.AsSpan(filled - Kept, Kept).CopyTo(bytes);
            filled = Kept;
        }

        latest.CopyTo(bytes.AsSpan(filled));
        filled += latest.Length;
    }

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override void Flush()
    {
        // Everything is where it belongs.
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();
}
