using Lattice.Core.Disk;

namespace Lattice.Core.Log;

/// <summary>
/// The thread that flushes a node's log. Batching is natural: what is appended while a flush is under way forms the next
/// one, and an idle log is flushed as soon as something arrives. A second thread makes the next segment in time, so
/// that a rotation does not have to wait for megabytes of zeros.
/// </summary>
public sealed class LogWriter : IAsyncDisposable
{
    /// <summary>First and longest pause between two attempts on a full disk.</summary>
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LastRetry = TimeSpan.FromSeconds(1);

    /// <summary>Pause before another attempt to prepare a segment on a full disk.</summary>
    private static readonly TimeSpan PrepareRetry = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(1);

    private const int Awake = 0;
    private const int WaitsForUrgent = 1;
    private const int WaitsForAny = 2;

    private readonly WriteAheadLog _log;
    private readonly TimeProvider _time;
    private readonly ILogObserver _observer;
    private readonly TimeSpan _sealAfter;
    private readonly object _signal = new();
    private readonly object _prepareSignal = new();
    private readonly Thread _writer;
    private readonly Thread _preparer;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _waits;
    private volatile bool _stopping;
    private volatile Exception? _prepareFailure;
    private bool _prepareEnded;
    private bool _full;
    private long _lastSync;

    /// <summary>Starts the threads.</summary>
    /// <param name="log">The log; nothing else may flush it from now on.</param>
    /// <param name="time">Measures flushes and intervals.</param>
    /// <param name="observer">Hears what happens.</param>
    /// <param name="sealAfter">Idle time after which <see cref="WriteAheadLog.Seal"/> is called; one second unless said otherwise.</param>
    public LogWriter(WriteAheadLog log, TimeProvider time, ILogObserver observer, TimeSpan? sealAfter = null)
    {
        _log = log;
        _time = time;
        _observer = observer;
        _sealAfter = sealAfter ?? TimeSpan.FromSeconds(1);
        _lastSync = time.GetTimestamp();
        _log.Appended = Wake;
        _writer = new Thread(Run) { IsBackground = true, Name = "lattice-log" };
        _preparer = new Thread(Prepare) { IsBackground = true, Name = "lattice-log-prepare" };
        _preparer.Start();
        _writer.Start();
    }

    /// <summary>
    /// Flushes what is pending, seals the log and ends the threads. On a full disk what is pending is given up: nobody was
    /// promised it. The log stays open for reading.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        lock (_signal)
        {
            _stopping = true;
            Monitor.Pulse(_signal);
        }

        lock (_prepareSignal)
        {
            Monitor.Pulse(_prepareSignal);
        }

        await _ended.Task.ConfigureAwait(false);
        _log.Appended = null;
    }

    private void Wake()
    {
        // The writer says that it waits and then looks for work; here work was published and then is looked whether it
        // waits. With a full fence between on both sides one sees the other, so nothing appended is left lying.
        Interlocked.MemoryBarrier();
        int waits = Volatile.Read(ref _waits);
        if (waits == WaitsForAny || (waits == WaitsForUrgent && _log.HasUrgent))
        {
            lock (_signal)
            {
                Monitor.Pulse(_signal);
            }
        }
    }

    private void Run()
    {
        try
        {
            while (!_stopping)
            {
                Work work = WaitForWork();
                if (work != Work.Stop)
                {
                    WriteOnce(work);
                }
            }

            End();
        }
        catch (Exception e)
        {
            _observer.Failed(e);
        }
        finally
        {
            _stopping = true;
            lock (_prepareSignal)
            {
                _prepareEnded = true;
                Monitor.Pulse(_prepareSignal);
            }

            _preparer.Join();
            _ended.SetResult();
        }
    }

    /// <summary>Waits until there is something to do: at once when somebody waits for a record, after a while for the rest.</summary>
    private Work WaitForWork()
    {
        lock (_signal)
        {
            try
            {
                while (true)
                {
                    bool lazy = _log.HasPending || _log.HasUnsynced;
                    Volatile.Write(ref _waits, lazy ? WaitsForUrgent : WaitsForAny);
                    Interlocked.MemoryBarrier();
                    if (_prepareFailure is { } failure)
                    {
                        throw new DiskFailedException("The next segment of the write-ahead log could not be made: " + failure.Message, failure);
                    }

                    if (_stopping)
                    {
                        return Work.Stop;
                    }

                    if (_log.HasUrgent)
                    {
                        return Work.Flush;
                    }

                    // What came in since is pending now, and what is pending has a time limit: look again.
                    if (!lazy && _log.HasPending)
                    {
                        continue;
                    }

                    TimeSpan wait = lazy ? _log.Options.SyncInterval - _time.GetElapsedTime(_lastSync)
                        : _log.IsSealed ? Timeout.InfiniteTimeSpan
                        : _sealAfter - _time.GetElapsedTime(_lastSync);
                    if (wait <= TimeSpan.Zero && wait != Timeout.InfiniteTimeSpan)
                    {
                        return lazy ? Work.Flush : Work.Seal;
                    }

                    Monitor.Wait(_signal, wait == Timeout.InfiniteTimeSpan || wait > Shortest ? wait : Shortest);
                }
            }
            finally
            {
                Volatile.Write(ref _waits, Awake);
            }
        }
    }

    private void WriteOnce(Work work)
    {
        TimeSpan retry = FirstRetry;
        while (true)
        {
            try
            {
                if (work == Work.Seal)
                {
                    _log.Seal();
                    _lastSync = _time.GetTimestamp();
                }
                else
                {
                    Flush();
                }

                if (_full)
                {
                    _full = false;
                    _observer.Healed();
                }

                _observer.Flushed(_log.DurableSequence);
                if (_log.WantsNextSegment)
                {
                    lock (_prepareSignal)
                    {
                        Monitor.Pulse(_prepareSignal);
                    }
                }

                return;
            }
            catch (DiskFullException e)
            {
                if (!_full)
                {
                    _full = true;
                    _observer.Full(e.Message);
                }

                // What was written before the disk was full may be synced: nobody has to wait longer for it than need be.
                _log.Sync();
                _observer.Flushed(_log.DurableSequence);
            }

            lock (_signal)
            {
                if (_stopping)
                {
                    return;
                }

                Monitor.Wait(_signal, retry);
            }

            retry = retry * 2 < LastRetry ? retry * 2 : LastRetry;
        }
    }

    private void Flush()
    {
        long start = _time.GetTimestamp();
        LogFlush flush = _log.Write();
        TimeSpan write = _time.GetElapsedTime(start);
        TimeSpan sync = TimeSpan.Zero;
        if (_log.Options.SyncOnWrite || _time.GetElapsedTime(_lastSync) >= _log.Options.SyncInterval)
        {
            start = _time.GetTimestamp();
            _log.Sync();
            _lastSync = _time.GetTimestamp();
            sync = _time.GetElapsedTime(start, _lastSync);
        }

        _observer.Measured(flush, write, sync);
    }

    private void End()
    {
        try
        {
            _log.Seal();
            _observer.Flushed(_log.DurableSequence);
        }
        catch (DiskFullException e)
        {
            if (!_full)
            {
                _observer.Full(e.Message);
            }

            _log.Sync();
            _observer.Flushed(_log.DurableSequence);
        }
    }

    private void Prepare()
    {
        try
        {
            lock (_prepareSignal)
            {
                while (!_prepareEnded)
                {
                    Monitor.Wait(_prepareSignal);
                    while (!_prepareEnded && _log.WantsNextSegment)
                    {
                        MakeNextSegment();
                    }
                }
            }
        }
        catch (Exception e)
        {
            _prepareFailure = e;
            lock (_signal)
            {
                Monitor.Pulse(_signal);
            }
        }
    }

    private void MakeNextSegment()
    {
        Monitor.Exit(_prepareSignal);
        bool full = false;
        try
        {
            _log.PrepareNextSegment();
        }
        catch (DiskFullException)
        {
            // No failure yet: the current segment has room. When it has none, it is the flush that says that the disk is full.
            full = true;
        }
        finally
        {
            Monitor.Enter(_prepareSignal);
        }

        if (full && !_prepareEnded)
        {
            Monitor.Wait(_prepareSignal, PrepareRetry);
        }
    }

    private enum Work
    {
        Stop,
        Flush,
        Seal,
    }
}
