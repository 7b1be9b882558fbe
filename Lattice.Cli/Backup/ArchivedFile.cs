using Lattice.Core.Disk;

namespace Lattice.Cli.Backup;

/// <summary>
/// A file in an archive that can only be read forwards, as one that can be read anywhere: going back means beginning anew. The latest bytes are kept, so that small steps back cost nothing.
/// </summary>
internal sealed class ArchivedFile(Func<Stream> open, long length) : IDiskFile
{
    private const int Kept = 1 << 20;

    private readonly byte[] window = new byte[2 * Kept];
    private Stream? stream;
    private long windowStart;
    private int windowLength;

    /// <inheritdoc/>
    public long Length => length;

    /// <inheritdoc/>
    public int Read(long offset, Span<byte> buffer)
    {
        int wanted = (int)Math.Min(buffer.Length, length - offset);
        if (stream is null || offset < windowStart)
        {
            stream?.Dispose();
            stream = open();
            (windowStart, windowLength) = (0, 0);
        }

        int done = 0;
        while (done < wanted)
        {
            long position = offset + done;
            if (position < windowStart + windowLength)
            {
                ReadOnlySpan<byte> there = window.AsSpan((int)(position - windowStart), windowLength - (int)(position - windowStart));
                int count = Math.Min(there.Length, wanted - done);
                there[..count].CopyTo(buffer[done..]);
                done += count;
            }
            else if (!Advance())
            {
                break;
            }
        }

        return Math.Max(done, 0);
    }

    /// <inheritdoc/>
    public void Write(long offset, ReadOnlySpan<byte> data) => throw new NotSupportedException();

    /// <inheritdoc/>
    public void Preallocate(long length) => throw new NotSupportedException();

    /// <inheritdoc/>
    public void Truncate(long length) => throw new NotSupportedException();

    /// <inheritdoc/>
    public void Sync() => throw new NotSupportedException();

    /// <inheritdoc/>
    public void Dispose() => stream?.Dispose();

    private bool Advance()
    {
        if (windowLength == window.Length)
        {
            window.AsSpan(Kept).CopyTo(window);
            windowStart += Kept;
            windowLength = Kept;
        }

        int read = stream!.Read(window.AsSpan(windowLength));
        windowLength += read;
        return read > 0;
    }
}
