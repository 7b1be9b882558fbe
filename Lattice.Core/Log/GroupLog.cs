using Lattice.Core.Consensus;
using Lattice.Core.Disk;
using Lattice.Core.Verification;

namespace Lattice.Core.Log;

/// <summary>
/// The log of one group within the node's <see cref="WriteAheadLog"/>. Used by its group's loop only, one call at a time;
/// flushing runs beside it. The counters <see cref="Bytes"/> and <see cref="Count"/> may be read from anywhere.
/// </summary>
public sealed class GroupLog : IRaftLogStorage
{
    /// <summary>Payload after which an append goes on in another record: bounds what must be held to write or verify one.</summary>
    private const int RecordPayloadBytes = 4 << 20;

    private readonly WriteAheadLog _log;
    private readonly EntryIndex _index;
    private ulong _cachedFrom;
    private long _cachedBytes;
    private long _bytes;
    private int _count;

    internal GroupLog(WriteAheadLog log, uint id)
    {
        _log = log;
        _index = new EntryIndex();
        _cachedFrom = 1;
        Id = id;
        State = new GroupState(id);
    }

    /// <summary>The log of a group as recovery found it; no payload is in memory.</summary>
    internal GroupLog(WriteAheadLog log, GroupReplay recovered)
    {
        _log = log;
        _index = recovered.Index;
        _cachedFrom = LastIndex + 1;
        Id = recovered.Id;
        Compacted = recovered.Compacted;
        long bytes = 0;
        for (ulong i = FirstIndex; i <= LastIndex; i++)
        {
            bytes += RecordBody.EntryHeaderBytes + _index[i].Length;
        }

        Publish(bytes, _index.Count);

        // Losing a commit index costs time, never safety (Raft paper, figure 2): one that was written before its entries goes back to them.
        HardState = recovered.Hard with { Commit = Math.Min(recovered.Hard.Commit, LastIndex) };
        State = new GroupState(Id) { Recorded = true, Hard = HardState, Compacted = Compacted, LastIndex = LastIndex };
        if (_index.Count > 0)
        {
            State.Began(_index[FirstIndex].Segment);
        }
    }

    /// <summary>The group's id.</summary>
    public uint Id { get; }

    /// <summary>Term, vote and commit index as last appended. The commit index never exceeds the log.</summary>
    public HardState HardState { get; private set; }

    /// <inheritdoc/>
    public LogPosition Compacted { get; private set; }

    /// <inheritdoc/>
    public ulong FirstIndex => Compacted.Index + 1;

    /// <inheritdoc/>
    public ulong LastIndex => _index.Last;

    /// <summary>Segment that holds the last entry; null: there is none. In the group's loop.</summary>
    internal uint? LastSegment => _index.Count > 0 ? _index[LastIndex].Segment : null;

    /// <summary>Bytes of the entries that can be read, as they lie in the log. Any thread.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Entries that can be read. Any thread.</summary>
    public int Count => Volatile.Read(ref _count);

    internal GroupState State { get; }

    /// <inheritdoc/>
    public ulong Term(ulong index)
    {
        if (index == Compacted.Index)
        {
            return Compacted.Term;
        }

        ThrowIfOutside(index, FirstIndex, LastIndex, nameof(index));
        return _index[index].Term;
    }

    /// <summary>Payload of entries that are not in memory is read from the segments.</summary>
    /// <inheritdoc/>
    /// <exception cref="LogCorruptException">What the segment holds is not what was written.</exception>
    public IReadOnlyList<Entry> Entries(ulong from, ulong to, int maxBytes)
    {
        if (from >= to)
        {
            return [];
        }

        ThrowIfOutside(from, FirstIndex, LastIndex, nameof(from));
        ThrowIfOutside(to, from, LastIndex + 1, nameof(to));
        int count = 0;
        long size = 0;
        for (ulong i = from; i < to; i++)
        {
            size += _index[i].Length + RecordBody.EntryHeaderBytes;
            if (count > 0 && size > maxBytes)
            {
                break;
            }

            count++;
        }

        var result = new Entry[count];
        int read = 0;
        if (from < _cachedFrom)
        {
            read = (int)Math.Min((ulong)count, _cachedFrom - from);
            _log.Read(_index, from, result.AsSpan(0, read));
        }

        for (; read < count; read++)
        {
            result[read] = Sound(_index[from + (ulong)read].Cached!);
        }

        return result;
    }

    /// <summary>The entries in memory, in order.</summary>
    internal IEnumerable<Entry> Cached
    {
        get
        {
            for (ulong i = _cachedFrom; i <= LastIndex; i++)
            {
                yield return _index[i].Cached!;
            }
        }
    }

    /// <summary>Looks whether entries of this group still are what they were. Any thread.</summary>
    /// <exception cref="StateDivergenceException">One is not.</exception>
    internal void ThrowIfDamaged(IReadOnlyList<Entry> entries)
    {
        for (int i = 0; i < entries.Count; i++)
        {
            Sound(entries[i]);
        }
    }

    private Entry Sound(Entry entry) => entry.IsSound ? entry : throw new StateDivergenceException(new Divergence
    {
        Kind = DivergenceKind.EntryChecksum,
        Phase = DivergencePhase.Log,
        Group = Id,
        Entry = new LogPosition(entry.Index, entry.Term),
        Message = $"Entry {entry.Index} of group {Id} is not what was proposed: it changed in memory.",
    });

    /// <summary>
    /// Appends entries, replacing everything from the index of the first one on, and sets the hard state. Visible here at
    /// once; durable when <see cref="WriteAheadLog.DurableSequence"/> has reached the number returned. A hard state
    /// that changes only the commit index, without entries, does not hurry: it becomes durable with what follows, or
    /// within <see cref="LogOptions.SyncInterval"/>.
    /// </summary>
    /// <exception cref="StateDivergenceException">An entry is not what was proposed.</exception>
    /// <exception cref="ArgumentException">The entries leave a gap, reach into what has been compacted, or an entry exceeds the largest record.</exception>
    /// <exception cref="DiskFailedException">The log has failed before; it takes nothing any more.</exception>
    public long Append(IReadOnlyList<Entry> entries, HardState? hard)
    {
        if (entries.Count == 0)
        {
            if (hard is not { } state || state == HardState)
            {
                return _log.AppendedSequence;
            }

            bool lazy = state.Term == HardState.Term && state.Vote == HardState.Vote;
            HardState = state;
            return _log.AppendHardState(State, state, lazy);
        }

        ThrowIfNotContiguous(entries);
        ThrowIfDamaged(entries);
        long sequence = 0;
        for (int done = 0; done < entries.Count;)
        {
            int count = 0;
            int payload = 0;
            do
            {
                payload += RecordBody.EntryHeaderBytes + entries[done + count].Data.Length;
                count++;
            }
            while (done + count < entries.Count && payload + entries[done + count].Data.Length <= RecordPayloadBytes);

            // Term and vote go first: a crash between two records of one append then leaves a prefix of the entries under
            // the right term. A commit index beyond the entries that made it is cut back when the log is opened.
            sequence = _log.AppendEntries(State, entries, done, count, payload, done == 0 ? hard : null, out LogPlaced place);
            Add(entries, done, count, place);
            done += count;
        }

        HardState = hard ?? HardState;
        TrimCache();
        return sequence;
    }

    /// <summary>Forgets the entries up to and with <paramref name="upTo"/>; what is compacted already is no error.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The log does not reach that far.</exception>
    public void Compact(ulong upTo)
    {
        if (upTo <= Compacted.Index)
        {
            return;
        }

        var position = new LogPosition(upTo, Term(upTo));
        uint firstLive = upTo < LastIndex ? _index[upTo + 1].Segment : GroupState.None;
        _log.AppendPosition(State, LogRecordType.Compact, position, LastIndex, firstLive);
        Compacted = position;
        DropThrough(upTo);
    }

    /// <summary>Empties the log; it goes on behind <paramref name="position"/>, whose effects a snapshot holds. Returns the sequence to wait for.</summary>
    public long Reset(LogPosition position)
    {
        long sequence = _log.AppendPosition(State, LogRecordType.Reset, position, position.Index, GroupState.None);
        Clear(position);
        return sequence;
    }

    /// <summary>Drops the cache of a removed group.</summary>
    internal void Forget() => Clear(default);

    private void Clear(LogPosition position)
    {
        Compacted = position;
        _index.Reset(position.Index + 1);
        _cachedFrom = position.Index + 1;
        _log.Cached(-_cachedBytes);
        _cachedBytes = 0;
        Publish(0, 0);
    }

    private void Add(IReadOnlyList<Entry> entries, int from, int count, LogPlaced place)
    {
        RemoveFrom(entries[from].Index);
        long bytes = 0;
        uint offset = (uint)place.Offset;
        for (int i = from; i < from + count; i++)
        {
            Entry entry = entries[i];
            _index.Add(new EntrySlot { Cached = entry, Term = entry.Term, Segment = place.Segment, Offset = offset, Length = entry.Data.Length });
            offset += (uint)(RecordBody.EntryHeaderBytes + entry.Data.Length);
            bytes += RecordBody.EntryHeaderBytes + entry.Data.Length;
        }

        _cachedBytes += bytes;
        _log.Cached(bytes);
        Publish(_bytes + bytes, _index.Count);
    }

    private void RemoveFrom(ulong index)
    {
        long bytes = 0;
        long cached = 0;
        while (_index.Count > 0 && _index.Last >= index)
        {
            ref EntrySlot slot = ref _index[_index.Last];
            int size = RecordBody.EntryHeaderBytes + slot.Length;
            bytes += size;
            cached += slot.Cached is null ? 0 : size;
            _index.RemoveLast();
        }

        _cachedFrom = Math.Min(_cachedFrom, _index.Last + 1);
        Uncached(cached);
        Publish(_bytes - bytes, _index.Count);
    }

    private void DropThrough(ulong index)
    {
        long bytes = 0;
        long cached = 0;
        while (_index.Count > 0 && _index.First <= index)
        {
            ref EntrySlot slot = ref _index[_index.First];
            int size = RecordBody.EntryHeaderBytes + slot.Length;
            bytes += size;
            cached += slot.Cached is null ? 0 : size;
            _index.RemoveFirst();
        }

        _cachedFrom = Math.Max(_cachedFrom, _index.First);
        Uncached(cached);
        Publish(_bytes - bytes, _index.Count);
    }

    /// <summary>
    /// Lets go of the oldest payloads while the node's cache is over its limit and this group over its share of it. Never
    /// of what is not in the file yet: it could not be read back.
    /// </summary>
    private void TrimCache()
    {
        long limit = _log.CacheShare;
        long written = _log.WrittenPlace;
        long cached = 0;
        while (_log.CacheOverLimit && _cachedBytes - cached > limit && _cachedFrom <= _index.Last)
        {
            ref EntrySlot slot = ref _index[_cachedFrom];
            if (slot.Place >= written)
            {
                break;
            }

            slot.Cached = null;
            _cachedFrom++;
            int size = RecordBody.EntryHeaderBytes + slot.Length;
            cached += size;
            _log.Cached(-size);
        }

        _cachedBytes -= cached;
    }

    private void Uncached(long bytes)
    {
        _cachedBytes -= bytes;
        _log.Cached(-bytes);
    }

    private void Publish(long bytes, int count)
    {
        Volatile.Write(ref _bytes, bytes);
        Volatile.Write(ref _count, count);
    }

    private void ThrowIfNotContiguous(IReadOnlyList<Entry> entries)
    {
        ulong next = entries[0].Index;
        if (next <= Compacted.Index || next > LastIndex + 1)
        {
            throw new ArgumentException($"Group {Id}: entry {next} cannot be appended to a log that is compacted up to {Compacted.Index} and ends at {LastIndex}.", nameof(entries));
        }

        for (int i = 0; i < entries.Count; i++)
        {
            Entry entry = entries[i];
            if (entry.Index != next + (ulong)i)
            {
                throw new ArgumentException($"Group {Id}: entry {entry.Index} follows {next + (ulong)i - 1}.", nameof(entries));
            }

            if (entry.Data.Length > LogRecord.MaxBodyBytes / 2)
            {
                throw new ArgumentException($"Group {Id}: entry {entry.Index} has {entry.Data.Length} bytes, the largest possible are {LogRecord.MaxBodyBytes / 2}.", nameof(entries));
            }
        }
    }

    private void ThrowIfOutside(ulong index, ulong from, ulong to, string name)
    {
        if (index < from || index > to)
        {
            throw new ArgumentOutOfRangeException(name, index, $"Group {Id}: its log holds entries {FirstIndex} to {LastIndex}.");
        }
    }
}
