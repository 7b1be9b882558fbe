using System.Formats.Tar;
using System.IO.Compression;
using Lattice.Core.Disk;

namespace Lattice.Cli.Backup;

/// <summary>
/// A file in a <c>.tar.gz</c>, which can only be read forwards, as one that can be read anywhere: going back means beginning anew. The latest bytes are kept, so that small steps back cost nothing,
/// and its end is known, so that looking for what stands there costs nothing either.
/// </summary>
/// <param name="archive">The archive.</param>
/// <param name="name">Name of the file in it.</param>
/// <param name="length">Its length.</param>
/// <param name="end">Its last bytes.</param>
/// <param name="pace">Whom reading gives way to; null: nobody.</param>
internal sealed class ArchivedFile(string archive, string name, long length, ReadOnlyMemory<byte> end, HalfTime? pace) : ReadOnlyFile
{
    private const int Kept = 1 << 20;

    private readonly byte[] window = new byte[2 * Kept];
    private TarReader? tar;
    private Stream? stream;
    private long windowStart;
    private int windowLength;

    /// <inheritdoc/>
    public override long Length => length;

    /// <inheritdoc/>
    public override int Read(long offset, Span<byte> buffer)
    {
        int wanted = (int)Math.Min(buffer.Length, length - offset);
        long endStart = length - end.Length;
        if (offset >= endStart && wanted > 0)
        {
            end.Span.Slice((int)(offset - endStart), wanted).CopyTo(buffer);
            return wanted;
        }

        if (stream is null || offset < windowStart)
        {
            Open();
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

        return done;
    }

    /// <inheritdoc/>
    public override void Dispose() => tar?.Dispose();

    private void Open()
    {
        tar?.Dispose();
        tar = new TarReader(new GZipStream(File.OpenRead(archive), CompressionMode.Decompress));
        (windowStart, windowLength) = (0, 0);
        TarEntry? entry = tar.GetNextEntry();
        while (entry is not null && entry.Name != name)
        {
            entry = tar.GetNextEntry();
        }

        stream = entry?.DataStream ?? throw new InvalidDataException($"It holds no {name}.");
    }

    private bool Advance()
    {
        if (windowLength == window.Length)
        {
            window.AsSpan(Kept).CopyTo(window);
            windowStart += Kept;
            windowLength = Kept;
        }

        pace?.Pause();
        int read = stream!.Read(window.AsSpan(windowLength));
        windowLength += read;
        return read > 0;
    }
}
