using Lattice.Core.Disk;

namespace Lattice.Core.Log;

/// <summary>
/// The writing side of the log: takes what is pending, writes it to its places, syncs, and knows how far that has come.
/// One thread at a time writes; the numbers may be read from anywhere.
/// </summary>
internal sealed class LogFlusher(SegmentFiles files, LogOptions options, PendingRecords pending, Lock pendingGate)
{
    private readonly Queue<PendingChunk> _writing = new();
    private DiskFailedException? _failure;
    private ulong _chain;
    private long _written;
    private long _writtenPlace;
    private long _synced;
    private long _syncedPlace;

    /// <summary>Held while writing or syncing.</summary>
    public Lock Gate { get; } = new();

    /// <summary>Last record written.</summary>
    public long Written => Volatile.Read(ref _written);

    /// <summary>Where the written part of the log ends, see <see cref="LogPlace"/>.</summary>
    public long WrittenPlace => Volatile.Read(ref _writtenPlace);

    /// <summary>Segment that is being written to.</summary>
    public uint WrittenSegment => (uint)(WrittenPlace >> 32);

    /// <summary>Last record synced.</summary>
    public long Synced => Volatile.Read(ref _synced);

    /// <summary>Segment in which the synced part of the log ends.</summary>
    public uint SyncedSegment => (uint)(Volatile.Read(ref _syncedPlace) >> 32);

    public DiskFailedException? Failure => Volatile.Read(ref _failure);

    /// <summary>Continues a recovered log, all of which is synced.</summary>
    public void Continue(uint segment, long offset, long lastSequence, ulong chain)
    {
        _chain = chain;
        _written = _synced = lastSequence;
        _writtenPlace = _syncedPlace = LogPlace.Of(segment, offset);
    }

    /// <summary>Writes everything pending without syncing it, except at the end of a segment.</summary>
    public LogFlush Write()
    {
        lock (Gate)
        {
            ThrowIfFailed();
            lock (pendingGate)
            {
                pending.MoveTo(_writing);
            }

            try
            {
                var result = new LogFlush(0, 0);
                while (_writing.TryPeek(out PendingChunk? chunk))
                {
                    WriteChunk(chunk);
                    result = new LogFlush(result.Records + chunk.Records, result.Bytes + chunk.Length);
                    _writing.Dequeue();
                    chunk.Release();
                }

                return result;
            }
            catch (Exception e) when (e is not DiskFullException)
            {
                throw Fail(e);
            }
        }
    }

    /// <summary>Syncs what has been written.</summary>
    public void Sync()
    {
        lock (Gate)
        {
            ThrowIfFailed();
            if (_written == _synced)
            {
                return;
            }

            try
            {
                SyncSegment(files.Find(WrittenSegment)!);
            }
            catch (Exception e)
            {
                // Also a full disk: the kernel reports it here for what it had taken and now has dropped.
                throw Fail(e);
            }
        }
    }

    public void ThrowIfFailed()
    {
        if (Failure is { } failure)
        {
            throw new DiskFailedException(failure.Message, failure);
        }
    }

    private void WriteChunk(PendingChunk chunk)
    {
        Segment segment = files.Ensure(chunk.Segment, chunk.SegmentLength);
        if (chunk.EndsSegment)
        {
            // Before the record that says so: recovery takes an end without a next segment for a lost file.
            files.Ensure(chunk.Segment + 1, options.SegmentBytes);
        }

        ulong chain = chunk.Finish(_synced, _chain, LogRecord.Seed(files.LogId, chunk.Segment));
        segment.File.Write(chunk.Offset, chunk.Bytes);
        _chain = chain;
        lock (pendingGate)
        {
            pending.Written(chunk.Length);
        }

        Volatile.Write(ref _writtenPlace, LogPlace.Of(chunk.Segment, chunk.Offset + chunk.Length));
        Volatile.Write(ref _written, chunk.LastSequence);
        if (chunk.EndsSegment)
        {
            // Recovery relies on it: nothing is in the next segment before this one is durable to its end.
            SyncSegment(segment);
        }
    }

    private void SyncSegment(Segment segment)
    {
        long written = _written;
        long place = _writtenPlace;
        segment.File.Sync();
        Volatile.Write(ref _syncedPlace, place);
        Volatile.Write(ref _synced, written);
    }

    private DiskFailedException Fail(Exception cause)
    {
        var failure = cause as DiskFailedException ?? new DiskFailedException(
            "The write-ahead log could not be written. What of it is durable is unknown, so the node has to stop. Check the disk, then start the node again: " + cause.Message, cause);
        Volatile.Write(ref _failure, failure);
        return failure;
    }
}

/// <summary>What a flush wrote.</summary>
/// <param name="Records">Records.</param>
/// <param name="Bytes">Bytes.</param>
public readonly record struct LogFlush(int Records, long Bytes);
