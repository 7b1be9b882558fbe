using Lattice.Core.Disk;

namespace Lattice.Core.Log;

/// <summary>
/// Reads the log from front to back, once, and rebuilds what was in memory: one pass, linear in its size, payloads are
/// checked but not kept. Changes nothing on disk; <see cref="Repair"/> does, afterwards.
/// </summary>
internal sealed class LogReplay(IReadOnlyList<Segment> segments, ulong logId)
{
    private readonly SegmentReader _reader = new();
    private readonly Queue<(long Sequence, long Offset)> _unproven = new();
    private long _synced;

    public SortedDictionary<uint, GroupReplay> Groups { get; } = [];

    /// <summary>The segment that the log goes on in.</summary>
    public Segment Active { get; private set; } = segments[0];

    /// <summary>Where in <see cref="Active"/> it goes on.</summary>
    public long Offset { get; private set; } = SegmentHeader.Bytes;

    /// <summary>Check of the last record.</summary>
    public ulong Chain { get; private set; }

    public long LastSequence { get; private set; }

    public LogRecordType LastType { get; private set; }

    // What no record proves to have been synced of the segment before the active one.
    private (Segment Segment, long From, long To)? _finished;

    public long Records { get; private set; }

    public long Entries { get; private set; }

    public long BytesRead => _reader.BytesRead;

    /// <summary>End of what a crash left behind <see cref="Offset"/>; equal to it when nothing.</summary>
    public long TornEnd { get; private set; }

    public long TornBytes => TornEnd - Offset;

    /// <summary>Reads the log.</summary>
    /// <exception cref="LogCorruptException">Something that was durable is damaged or missing.</exception>
    public void Run()
    {
        for (int i = 0; i < segments.Count; i++)
        {
            Active = segments[i];
            Offset = SegmentHeader.Bytes;
            _unproven.Clear();
            _reader.Begin(Active);
            if (ReplaySegment(first: i == 0))
            {
                _finished = _unproven.TryPeek(out (long Sequence, long Offset) unproven) ? (Active, unproven.Offset, Offset) : null;

                // The next segment is made before the end of this one is written.
                if (i == segments.Count - 1)
                {
                    throw new LogCorruptException(Active.Path, Offset, $"the segment is complete and the log goes on in segment {Active.Number + 1}, which is missing.");
                }

                continue;
            }

            BreaksOff(i);
            break;
        }

        foreach (GroupReplay group in Groups.Values)
        {
            if (group.Missing is var (from, to))
            {
                throw new LogCorruptException(segments[0].Path, 0, $"entries {from} to {to} of group {group.Id} lie in an older segment, which is missing.");
            }
        }
    }

    /// <summary>
    /// Makes what was recovered durable, and the rest zeros. What was read may have come from the page cache of an earlier
    /// process that never synced it, or whose sync failed and left pages that are clean and yet not on disk. So everything
    /// that no record proves to have been synced is written again before it counts.
    /// </summary>
    public void Repair()
    {
        // A record in the active segment proves that the one before it was synced to its end. Without one, the process that wrote that
        // end may have died before it synced it; it has to be durable before anything is written behind it.
        if (Offset == SegmentHeader.Bytes && _finished is var (segment, begin, end))
        {
            Rewrite(segment, begin, end);
            segment.File.Sync();
        }

        Rewrite(Active, _unproven.TryPeek(out (long Sequence, long Offset) first) ? first.Offset : Offset, Offset);
        byte[] zeros = new byte[(int)Math.Min(1 << 20, TornBytes)];
        for (long at = Offset; at < TornEnd; at += zeros.Length)
        {
            Active.File.Write(at, zeros.AsSpan(0, (int)Math.Min(zeros.Length, TornEnd - at)));
        }

        Active.File.Sync();
    }

    private static void Rewrite(Segment segment, long from, long to)
    {
        byte[] buffer = new byte[(int)Math.Min(1 << 20, to - from)];
        for (long at = from; at < to;)
        {
            int count = segment.File.Read(at, buffer.AsSpan(0, (int)Math.Min(buffer.Length, to - at)));
            if (count == 0)
            {
                throw new DiskFailedException($"{segment.Path} ended at {at} while it was read again. Check the disk, then start the node again.");
            }

            segment.File.Write(at, buffer.AsSpan(0, count));
            at += count;
        }
    }

    /// <summary>Applies the records of the active segment; true when its last record was seen, false where the log breaks off.</summary>
    private bool ReplaySegment(bool first)
    {
        long seed = LogRecord.Seed(logId, Active.Number);
        while (true)
        {
            ReadOnlySpan<byte> bytes = _reader.Peek(Offset, LogRecord.HeaderBytes);
            if (bytes.Length < LogRecord.HeaderBytes
                || !LogRecord.TryReadHeader(bytes, out LogRecordHeader header)
                || header.Size > _reader.Length - Offset)
            {
                return false;
            }

            // The oldest segment is where the chain begins; whatever was before it has been dropped.
            bool begins = first && Offset == SegmentHeader.Bytes;
            if (!begins && (header.Sequence != LastSequence + 1 || header.Chain != Chain))
            {
                return false;
            }

            ReadOnlySpan<byte> record = _reader.Peek(Offset, header.Size);
            if (!LogRecord.Verify(record, seed))
            {
                return false;
            }

            Apply(header, record.Slice(LogRecord.HeaderBytes, header.BodyBytes), begins);
            Chain = header.Check;
            LastSequence = header.Sequence;
            LastType = header.Type;
            Records++;
            _unproven.Enqueue((header.Sequence, Offset));
            _synced = Math.Max(_synced, header.SyncedThrough);
            while (_unproven.TryPeek(out (long Sequence, long Offset) oldest) && oldest.Sequence <= _synced)
            {
                _unproven.Dequeue();
            }

            Offset += header.Size;
            if (header.Type == LogRecordType.SegmentEnd)
            {
                return true;
            }
        }
    }

    private void BreaksOff(int at)
    {
        // Nothing is written to a segment before the one in front of it, with its end, has been synced.
        for (int later = at + 1; later < segments.Count; later++)
        {
            _reader.Begin(segments[later]);
            if (_reader.EndOfData(SegmentHeader.Bytes) > SegmentHeader.Bytes)
            {
                throw new LogCorruptException(Active.Path, Offset, $"record {LastSequence + 1} is damaged or missing, but the log goes on in {segments[later].Path}.");
            }
        }

        // Older segments are deleted only when the first record of this one is durable.
        if (at == 0 && Records == 0 && Active.Number > 1)
        {
            throw new LogCorruptException(Active.Path, Offset, "the first record of the oldest segment is damaged or missing.");
        }

        _reader.Begin(Active);
        TornEnd = _reader.EndOfData(Offset);
        if (TornEnd > Offset)
        {
            LogTail.Judge(Active, Offset, TornEnd, LastSequence + 1, LogRecord.Seed(logId, Active.Number));
        }
    }

    private void Apply(in LogRecordHeader header, ReadOnlySpan<byte> body, bool begins)
    {
        bool fits = header.Type switch
        {
            LogRecordType.SegmentStart => TryStart(body, begins),
            LogRecordType.Append => TryAppend(body),
            LogRecordType.Compact => Group(RecordBody.ReadGroup(body)).TryCompact(RecordBody.ReadPosition(body)),
            LogRecordType.Reset => Reset(body),
            LogRecordType.GroupRemoved => Groups.Remove(RecordBody.ReadGroup(body)),
            _ => true,
        };
        if (!fits || (begins && header.Type != LogRecordType.SegmentStart))
        {
            throw new LogCorruptException(Active.Path, Offset, $"record {header.Sequence} ({header.Type}) contradicts the records before it.");
        }
    }

    private bool TryStart(ReadOnlySpan<byte> body, bool begins)
    {
        (uint segment, int count) = RecordBody.ReadStartHeader(body);
        if (segment != Active.Number || (!begins && count != Groups.Count))
        {
            return false;
        }

        for (int i = 0; i < count; i++)
        {
            StartGroup start = RecordBody.ReadStartGroup(body.Slice(RecordBody.StartHeaderBytes + (i * RecordBody.StartGroupBytes)));
            if (begins)
            {
                Group(start.Group).Begin(start);
            }
            else if (!Groups.TryGetValue(start.Group, out GroupReplay? group) || !group.Matches(start))
            {
                return false;
            }
        }

        return true;
    }

    private bool TryAppend(ReadOnlySpan<byte> body)
    {
        AppendPrefix prefix = RecordBody.ReadAppendPrefix(body);
        GroupReplay group = Group(prefix.Group);
        if (!group.TryAppend(prefix))
        {
            return false;
        }

        int at = RecordBody.AppendPrefixBytes(prefix.Hard is not null);
        for (int i = 0; i < prefix.Count; i++)
        {
            (ulong term, int length) = RecordBody.ReadEntryHeader(body[at..]);
            group.Index.Add(new EntrySlot { Term = term, Segment = Active.Number, Offset = (uint)(Offset + LogRecord.HeaderBytes + at), Length = length });
            at += RecordBody.EntryHeaderBytes + length;
        }

        Entries += prefix.Count;
        return true;
    }

    private bool Reset(ReadOnlySpan<byte> body)
    {
        Group(RecordBody.ReadGroup(body)).Reset(RecordBody.ReadPosition(body));
        return true;
    }

    private GroupReplay Group(uint id)
    {
        if (!Groups.TryGetValue(id, out GroupReplay? group))
        {
            group = new GroupReplay(id);
            Groups.Add(id, group);
        }

        return group;
    }
}
