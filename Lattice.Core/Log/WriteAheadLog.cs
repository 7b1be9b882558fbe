using Lattice.Core.Consensus;
using Lattice.Core.Disk;

namespace Lattice.Core.Log;

/// <summary>
/// The write-ahead log of a node, shared by all its groups, so that one <c>fdatasync</c> serves all that wait (group
/// commit). Groups append from their own loops: a record gets its number and its place at once and waits in memory.
/// One thread flushes (<see cref="LogWriter"/>; in a simulation, the simulator): it writes what has come together
/// and syncs, while the groups go on appending. The log starts no threads and reads no clock.
/// </summary>
public sealed class WriteAheadLog : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Lock _removing = new();
    private readonly LogOptions _options;
    private readonly SegmentFiles _files;
    private readonly EntryReader _entries;
    private readonly LogFlusher _flusher;
    private readonly PendingRecords _pending = new();
    private readonly LogGroups _groups = new();
    private long _appended;
    private long _urgent;
    private long _mark;
    private long _cached;

    private WriteAheadLog(IDisk disk, string directory, LogOptions options)
    {
        _options = options;
        _files = new SegmentFiles(disk, directory) { LogId = options.NewLogId };
        _entries = new EntryReader(_files);
        _flusher = new LogFlusher(_files, options, _pending, _gate);
    }

    /// <summary>What opening the log found.</summary>
    public LogRecovery Recovery { get; private set; } = new();

    /// <summary>The settings.</summary>
    public LogOptions Options => _options;

    /// <summary>Number of the last record appended. Any thread.</summary>
    public long AppendedSequence => Volatile.Read(ref _appended);

    /// <summary>Number of the last record synced. Any thread.</summary>
    public long SyncedSequence => _flusher.Synced;

    /// <summary>Number of the last record that counts as durable: synced, or merely written when <see cref="LogOptions.SyncOnWrite"/> is off. Any thread.</summary>
    public long DurableSequence => _options.SyncOnWrite ? _flusher.Synced : _flusher.Written;

    /// <summary>Why the log takes nothing any more; null while it works. Any thread.</summary>
    public DiskFailedException? Failure => _flusher.Failure;

    /// <summary>Segment files, the one prepared for later included. Any thread.</summary>
    public int SegmentCount => _files.Count;

    /// <summary>Bytes that its files take.</summary>
    public long FileBytes => _files.Bytes;

    /// <summary>Ids of the groups, ascending. Any thread.</summary>
    public IReadOnlyList<uint> Groups
    {
        get
        {
            lock (_gate)
            {
                return _groups.Ids;
            }
        }
    }

    /// <summary>Bytes of the entries that can be read, of all groups. Any thread.</summary>
    public long LiveBytes
    {
        get
        {
            lock (_gate)
            {
                return _groups.LiveBytes;
            }
        }
    }

    /// <summary>Bytes appended and not yet written: grows while the disk is full. Any thread.</summary>
    public long PendingBytes
    {
        get
        {
            lock (_gate)
            {
                return _pending.Bytes;
            }
        }
    }

    /// <summary>Segment that is appended to. Any thread.</summary>
    internal uint NewestSegment
    {
        get
        {
            lock (_gate)
            {
                return _pending.Segment;
            }
        }
    }

    /// <summary>
    /// Group whose entries keep the oldest segment from being removed; null when none does. An idle group can hold
    /// many segments with a few entries: compacting it frees them. Any thread.
    /// </summary>
    public uint? OldestPinningGroup
    {
        get
        {
            lock (_gate)
            {
                (uint segment, GroupState? group) = _groups.OldestPin(_flusher.Synced);
                return segment < _pending.Segment ? group!.Id : null;
            }
        }
    }

    /// <summary>Whether records wait to be written. Any thread.</summary>
    public bool HasPending => AppendedSequence > _flusher.Written;

    /// <summary>Called, on the appending thread, when a record was appended.</summary>
    internal Action? Appended { get; set; }

    /// <summary>Whether the last record is a mark, and durable.</summary>
    internal bool IsSealed => Volatile.Read(ref _mark) == AppendedSequence && !HasPending && !HasUnsynced;

    internal bool HasUrgent => Volatile.Read(ref _urgent) > _flusher.Written;

    internal bool HasUnsynced => _flusher.Written > _flusher.Synced;

    /// <summary>Where the written part of the log ends, see <see cref="LogPlace"/>.</summary>
    internal long WrittenPlace => _flusher.WrittenPlace;

    internal long CacheShare => _options.EntryCacheBytes / Math.Max(1, _groups.Count);

    internal bool CacheOverLimit => Interlocked.Read(ref _cached) > _options.EntryCacheBytes;

    /// <summary>Whether the segment after the one being written to should be made now.</summary>
    internal bool WantsNextSegment
    {
        get
        {
            long place = WrittenPlace;
            uint segment = (uint)(place >> 32);
            return (place & uint.MaxValue) > _options.SegmentBytes / 2 && _files.Find(segment + 1) is null;
        }
    }

    /// <summary>
    /// Opens the log of a directory, or begins one in an empty or missing directory. Reads all of it, cuts a torn tail, and
    /// makes durable what it found: everything that can be read afterwards is.
    /// </summary>
    /// <exception cref="LogCorruptException">Data that had been durable is damaged or missing; nothing was changed.</exception>
    /// <exception cref="LogVersionException">Written by a newer version; nothing was changed.</exception>
    /// <exception cref="DiskFullException">No room to begin the log or to go on in a new segment.</exception>
    /// <exception cref="DiskFailedException">The disk failed.</exception>
    public static WriteAheadLog Open(IDisk disk, string directory, LogOptions options)
    {
        LogOptions.Validate(options);
        var log = new WriteAheadLog(disk, directory, options);
        try
        {
            log.Recover(disk, directory);
            return log;
        }
        catch
        {
            log.Dispose();
            throw;
        }
    }

    /// <summary>The log of a group; begun when there is none. The same object until the group is removed. Any thread.</summary>
    public GroupLog Group(uint id)
    {
        lock (_gate)
        {
            GroupLog? group = _groups.Find(id);
            if (group is null)
            {
                group = new GroupLog(this, id);
                _groups.Add(group);
            }

            return group;
        }
    }

    /// <summary>Forgets a group and its entries, if it exists. Its <see cref="GroupLog"/> must not be used any more, and its loop must have ended.</summary>
    public void RemoveGroup(uint id)
    {
        lock (_gate)
        {
            if (_groups.Find(id) is not { } group)
            {
                return;
            }

            if (group.State.Recorded)
            {
                // While it is still among the groups: the record may begin a segment, whose first record has to name it.
                RecordBody.WriteGroup(Place(LogRecordType.GroupRemoved, RecordBody.GroupBytes, out _), id);
                group.State.Released(_pending.LastSequence, GroupState.None, _flusher.Synced);
                Publish(lazy: true);
            }

            _groups.Remove(group);
            group.Forget();
        }

        Appended?.Invoke();
    }

    /// <summary>
    /// Writes everything pending and syncs it (the latter not when <see cref="LogOptions.SyncOnWrite"/> is off); then
    /// <see cref="DurableSequence"/> moves. For one thread; groups append and read meanwhile.
    /// </summary>
    /// <exception cref="DiskFullException">No room. What is pending stays pending, in its place: call again when there is room.</exception>
    /// <exception cref="DiskFailedException">The disk failed. What is durable is unknown, so the log takes nothing any more; it is never tried again.</exception>
    public LogFlush Flush()
    {
        lock (_flusher.Gate)
        {
            try
            {
                return _flusher.Write();
            }
            finally
            {
                // Also when the disk became full halfway: those whose records were written need not wait for the rest.
                if (_options.SyncOnWrite && Failure is null)
                {
                    _flusher.Sync();
                }
            }
        }
    }

    /// <summary>Writes everything pending without syncing it.</summary>
    internal LogFlush Write() => _flusher.Write();

    /// <summary>Syncs what has been written. Called by <see cref="LogWriter"/> now and then when <see cref="LogOptions.SyncOnWrite"/> is off.</summary>
    /// <exception cref="DiskFailedException">The disk failed; the log takes nothing any more.</exception>
    public void Sync() => _flusher.Sync();

    /// <summary>
    /// Flushes and syncs everything, then writes a mark that says so, unless nothing happened since the last one. With it on
    /// disk, damage to the last write can be told from the torn tail of a crash (see <see cref="LogTail"/>). For idle times and the end.
    /// </summary>
    public void Seal()
    {
        lock (_flusher.Gate)
        {
            Write();
            Sync();
            lock (_gate)
            {
                if (_mark == _pending.LastSequence)
                {
                    return;
                }

                Place(LogRecordType.Mark, 0, out _);
                Volatile.Write(ref _mark, _pending.LastSequence);
                Publish(lazy: true);
            }

            Write();
            Sync();
        }
    }

    /// <summary>Makes the segment after the one being written to, if it is missing; returns whether it did. May run beside <see cref="Flush"/>, so that the writer does not have to wait for it.</summary>
    /// <exception cref="DiskFullException">No room; nothing has changed.</exception>
    public bool PrepareNextSegment()
    {
        uint next = _flusher.WrittenSegment + 1;
        if (Failure is not null || _files.Find(next) is not null)
        {
            return false;
        }

        return _files.TryAdd(next, _options.SegmentBytes);
    }

    /// <summary>Deletes the oldest segments as long as no group needs them; returns how many. Any thread; may run beside <see cref="Flush"/>.</summary>
    /// <exception cref="IOException">A file could not be deleted. The log is as good as before; call again later.</exception>
    public int RemoveObsoleteSegments()
    {
        int removed = 0;
        lock (_removing)
        {
            while (IsObsolete(_files.Oldest))
            {
                _files.Delete(_files.Oldest);
                removed++;
            }
        }

        return removed;
    }

    /// <summary>Closes the files without flushing: what is pending is lost, as in a crash. For a clean end call <see cref="Seal"/> first, as <see cref="LogWriter"/> does.</summary>
    public void Dispose() => _files.Dispose();

    internal long AppendHardState(GroupState group, HardState hard, bool lazy)
    {
        long sequence;
        lock (_gate)
        {
            _flusher.ThrowIfFailed();
            RecordBody.WriteAppendPrefix(Place(LogRecordType.Append, RecordBody.AppendPrefixBytes(hardState: true), out _), group.Id, hard, 0, 0);
            group.Hard = hard;
            group.Recorded = true;
            sequence = Publish(lazy);
        }

        Appended?.Invoke();
        return sequence;
    }

    /// <summary>Appends <paramref name="count"/> of the entries in one record, after the hard state if there is one.</summary>
    /// <param name="group">The group.</param>
    /// <param name="entries">Entries, of which some are meant.</param>
    /// <param name="from">Position of the first one in <paramref name="entries"/>.</param>
    /// <param name="count">How many.</param>
    /// <param name="bytes">Their size in the record.</param>
    /// <param name="hard">New hard state.</param>
    /// <param name="place">Where the first entry lies.</param>
    internal long AppendEntries(GroupState group, IReadOnlyList<Entry> entries, int from, int count, int bytes, HardState? hard, out LogPlaced place)
    {
        int prefix = RecordBody.AppendPrefixBytes(hard is not null);
        ulong first = entries[from].Index;
        long sequence;
        lock (_gate)
        {
            _flusher.ThrowIfFailed();
            Span<byte> body = Place(LogRecordType.Append, prefix + bytes, out long offset);
            RecordBody.WriteAppendPrefix(body, group.Id, hard, count, first);
            Span<byte> rest = body[prefix..];
            for (int i = from; i < from + count; i++)
            {
                rest = rest[RecordBody.WriteEntry(rest, entries[i])..];
            }

            place = new LogPlaced(_pending.Segment, offset + prefix);
            sequence = _pending.LastSequence;
            if (first == group.Compacted.Index + 1)
            {
                // All entries, if there were any, are replaced.
                if (group.FirstLive != GroupState.None)
                {
                    group.Released(sequence, place.Segment, _flusher.Synced);
                }
                else
                {
                    group.Began(place.Segment);
                }
            }

            group.LastIndex = entries[from + count - 1].Index;
            group.Hard = hard ?? group.Hard;
            group.Recorded = true;
            Publish(lazy: false);
        }

        Appended?.Invoke();
        return sequence;
    }

    internal long AppendPosition(GroupState group, LogRecordType type, LogPosition position, ulong lastIndex, uint firstLive)
    {
        bool lazy = type == LogRecordType.Compact;
        long sequence;
        lock (_gate)
        {
            _flusher.ThrowIfFailed();
            RecordBody.WritePosition(Place(type, RecordBody.PositionBytes, out _), group.Id, position);
            group.Compacted = position;
            group.LastIndex = lastIndex;
            group.Recorded = true;
            group.Released(_pending.LastSequence, firstLive, _flusher.Synced);
            sequence = Publish(lazy);
        }

        Appended?.Invoke();
        return sequence;
    }

    internal void Read(EntryIndex index, ulong from, Span<Entry> target) => _entries.Read(index, from, target);

    /// <summary>Reads the segments to which nothing is written any more and checks every record in them. Beside everything else.</summary>
    /// <param name="disk">The log's disk.</param>
    /// <param name="pace">Told how much was read.</param>
    /// <exception cref="LogCorruptException">One is damaged.</exception>
    internal void CheckSealed(IDisk disk, Action<int> pace) => new SegmentCheck(disk, _files, pace).Run();

    internal void Cached(long bytes) => Interlocked.Add(ref _cached, bytes);

    private void Recover(IDisk disk, string directory)
    {
        disk.CreateDirectory(directory);
        IReadOnlyList<Segment> segments = _files.OpenAll();
        bool created = segments.Count == 0;
        if (created)
        {
            _files.SettleNames();
            segments = [_files.Ensure(1, _options.SegmentBytes)];
        }

        var replay = new LogReplay(segments, _files.LogId);
        replay.Run();
        Recovery = new LogRecovery
        {
            Created = created,
            LogId = _files.LogId,
            Segments = (int)(replay.Active.Number - segments[0].Number) + 1,
            Records = replay.Records,
            Entries = replay.Entries,
            BytesRead = replay.BytesRead,
            TornBytes = replay.TornBytes,
            TornFile = replay.TornBytes > 0 ? replay.Active.Path : null,
            TornOffset = replay.TornBytes > 0 ? replay.Offset : 0,
        };

        // From here on the log is known to be sound and may be changed.
        if (!created)
        {
            _files.SettleNames();
            replay.Repair();
        }

        foreach (GroupReplay group in replay.Groups.Values)
        {
            _groups.Add(new GroupLog(this, group));
        }

        _appended = _urgent = replay.LastSequence;
        _flusher.Continue(replay.Active.Number, replay.Offset, replay.LastSequence, replay.Chain);
        _mark = replay.LastType is LogRecordType.Mark ? replay.LastSequence : 0;
        _pending.Continue(replay.Active.Number, replay.Active.File.Length, replay.Offset, replay.LastSequence);
        if (replay.Offset == SegmentHeader.Bytes)
        {
            lock (_gate)
            {
                long length = Math.Max(replay.Active.File.Length, PendingRecords.LengthFor(LogRecord.SizeOf(_groups.StartBytes), 0));
                _pending.Continue(replay.Active.Number, length, replay.Offset, replay.LastSequence);
                Start();
                Publish(lazy: true);
            }

            Write();
            Sync();
        }
    }

    /// <summary>Gives a record its place, in a new segment if this one is full; returns the span for its body.</summary>
    private Span<byte> Place(LogRecordType type, int bodyBytes, out long bodyOffset)
    {
        int size = LogRecord.SizeOf(bodyBytes);
        if (!_pending.Fits(size))
        {
            _pending.NextSegment(Math.Max(_options.SegmentBytes, PendingRecords.LengthFor(LogRecord.SizeOf(_groups.StartBytes), size)));
            Start();
        }

        return _pending.Add(type, bodyBytes, out bodyOffset);
    }

    /// <summary>The first record of a segment.</summary>
    private void Start() => _groups.WriteStart(_pending.Add(LogRecordType.SegmentStart, _groups.StartBytes, out _), _pending.Segment);

    private long Publish(bool lazy)
    {
        long sequence = _pending.LastSequence;
        Volatile.Write(ref _appended, sequence);
        if (!lazy)
        {
            Volatile.Write(ref _urgent, sequence);
        }

        return sequence;
    }

    private bool IsObsolete(uint segment)
    {
        lock (_gate)
        {
            // The segment that the log was last synced in, and all behind it, stay: an older one may go only when the
            // first record of the next, which stands for all that is forgotten, is durable.
            return Failure is null && segment < _groups.OldestPin(_flusher.Synced).Segment && segment < _flusher.SyncedSegment;
        }
    }
}

/// <summary>Where the first entry of a record lies.</summary>
internal readonly record struct LogPlaced(uint Segment, long Offset);
