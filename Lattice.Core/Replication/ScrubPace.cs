using Lattice.Core.Disk;

namespace Lattice.Core.Replication;

/// <summary>Holds a scrub back to so many bytes a second.</summary>
internal sealed class ScrubPace(long bytesPerSecond, TimeProvider time, CancellationToken stop)
{
    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(100);

    private long sliceBegan = time.GetTimestamp();
    private long sliceBytes;
    private long bytes;
    private volatile bool isHeld = true;

    /// <summary>Whether it is held back.</summary>
    public bool IsHeld
    {
        set => isHeld = value;
    }

    /// <summary>Bytes read in the round.</summary>
    public long Bytes => Interlocked.Read(ref bytes);

    /// <summary>A round begins.</summary>
    public void Begin() => Interlocked.Exchange(ref bytes, 0);

    /// <summary>So many bytes were read; waits if they were too many.</summary>
    /// <exception cref="OperationCanceledException">The node stops.</exception>
    public void Read(int count)
    {
        Interlocked.Add(ref bytes, count);
        sliceBytes += count;
        if (sliceBytes < bytesPerSecond * Slice.TotalSeconds)
        {
            return;
        }

        stop.ThrowIfCancellationRequested();
        if (!isHeld || bytesPerSecond == 0)
        {
            return;
        }

        TimeSpan due = TimeSpan.FromSeconds((double)sliceBytes / bytesPerSecond) - time.GetElapsedTime(sliceBegan);
        if (due > TimeSpan.Zero)
        {
            stop.WaitHandle.WaitOne(due);
        }

        sliceBegan = time.GetTimestamp();
        sliceBytes = 0;
    }
}

/// <summary>A file that is read at a scrub's pace.</summary>
internal sealed class PacedFile(IDiskFile file, ScrubPace pace) : ReadOnlyFile
{
    /// <inheritdoc/>
    public override long Length => file.Length;

    /// <inheritdoc/>
    public override int Read(long offset, Span<byte> buffer)
    {
        int read = file.Read(offset, buffer);
        pace.Read(read);
        return read;
    }

    /// <inheritdoc/>
    public override void Dispose() => file.Dispose();
}
