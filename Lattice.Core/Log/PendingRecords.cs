using System.Buffers;
using System.Buffers.Binary;

namespace Lattice.Core.Log;

/// <summary>Consecutive records of one segment, written with one call.</summary>
internal sealed class PendingChunk
{
    private const int InitialBytes = 16 << 10;
    private byte[] _buffer;
    private bool _finished;

    public PendingChunk(uint segment, long segmentLength, long offset, int firstRecordBytes)
    {
        Segment = segment;
        SegmentLength = segmentLength;
        Offset = offset;
        _buffer = ArrayPool<byte>.Shared.Rent(Math.Max(InitialBytes, firstRecordBytes));
    }

    public uint Segment { get; }

    /// <summary>Length that the segment's file must have to hold this.</summary>
    public long SegmentLength { get; }

    public long Offset { get; }

    public int Length { get; private set; }

    public int Records { get; private set; }

    public long LastSequence { get; private set; }

    /// <summary>Whether the last record is the segment's last.</summary>
    public bool EndsSegment { get; private set; }

    public ReadOnlySpan<byte> Bytes => _buffer.AsSpan(0, Length);

    /// <summary>Adds a record without its body; returns where the body goes. The span is valid until the next call.</summary>
    public Span<byte> Add(LogRecordType type, int bodyBytes, long sequence)
    {
        int size = LogRecord.SizeOf(bodyBytes);
        if (Length + size > _buffer.Length)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(Length + size, _buffer.Length * 2));
            Bytes.CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }

        Span<byte> record = _buffer.AsSpan(Length, size);
        LogRecord.Begin(record, type, bodyBytes, sequence);
        Length += size;
        Records++;
        LastSequence = sequence;
        EndsSegment = type == LogRecordType.SegmentEnd;
        return record.Slice(LogRecord.HeaderBytes, bodyBytes);
    }

    /// <summary>
    /// Completes the records' headers; returns the chain for the next chunk. Done once: a chunk that is written again
    /// because the disk was full is the same bytes, so that a crash in between leaves no mixture of two versions.
    /// </summary>
    public ulong Finish(long syncedThrough, ulong chain, long seed)
    {
        if (_finished)
        {
            return LastCheck(chain);
        }

        for (int at = 0; at < Length;)
        {
            int size = LogRecord.SizeOf(BinaryPrimitives.ReadInt32LittleEndian(_buffer.AsSpan(at + 8)));
            chain = LogRecord.Finish(_buffer.AsSpan(at, size), syncedThrough, chain, seed);
            at += size;
        }

        _finished = true;
        return chain;
    }

    public void Release()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }

    private ulong LastCheck(ulong chain)
    {
        for (int at = 0; at < Length; at += LogRecord.SizeOf(BinaryPrimitives.ReadInt32LittleEndian(_buffer.AsSpan(at + 8))))
        {
            chain = BinaryPrimitives.ReadUInt64LittleEndian(_buffer.AsSpan(at));
        }

        return chain;
    }
}

/// <summary>
/// The end of the log: gives each record its sequence and its place, and holds it until it is written. Places are given
/// here and never changed, so that a group's index is complete as soon as it has appended. Guarded by the log's lock.
/// </summary>
internal sealed class PendingRecords
{
    /// <summary>Size from which on records go to a new chunk: bounds the copying when a chunk grows.</summary>
    private const int ChunkBytes = 4 << 20;

    private static readonly int EndBytes = LogRecord.SizeOf(0);
    private readonly List<PendingChunk> _chunks = [];
    private PendingChunk? _last;

    public uint Segment { get; private set; }

    public long Offset { get; private set; }

    public long SegmentLength { get; private set; }

    public long LastSequence { get; private set; }

    public long Bytes { get; private set; }

    /// <summary>Continues a recovered log.</summary>
    public void Continue(uint segment, long segmentLength, long offset, long lastSequence)
    {
        Segment = segment;
        SegmentLength = segmentLength;
        Offset = offset;
        LastSequence = lastSequence;
    }

    /// <summary>Whether a record of this size fits into the segment, with the segment's end behind it.</summary>
    public bool Fits(int recordBytes) => Offset + recordBytes + EndBytes <= SegmentLength;

    /// <summary>Length of a segment that has room for these records.</summary>
    public static long LengthFor(int startBytes, int recordBytes) => SegmentHeader.Bytes + (long)startBytes + recordBytes + EndBytes;

    /// <summary>Ends the segment and goes on in the next.</summary>
    public void NextSegment(long length)
    {
        Add(LogRecordType.SegmentEnd, 0, out _);
        Segment++;
        SegmentLength = length;
        Offset = SegmentHeader.Bytes;
        _last = null;
    }

    /// <summary>Adds a record to the segment; the span for its body is valid until the next call.</summary>
    public Span<byte> Add(LogRecordType type, int bodyBytes, out long bodyOffset)
    {
        int size = LogRecord.SizeOf(bodyBytes);
        if (_last is null || _last.Length + size > ChunkBytes)
        {
            _last = new PendingChunk(Segment, SegmentLength, Offset, size);
            _chunks.Add(_last);
        }

        bodyOffset = Offset + LogRecord.HeaderBytes;
        Offset += size;
        Bytes += size;
        return _last.Add(type, bodyBytes, ++LastSequence);
    }

    /// <summary>Hands over what is pending.</summary>
    public void MoveTo(Queue<PendingChunk> target)
    {
        foreach (PendingChunk chunk in _chunks)
        {
            target.Enqueue(chunk);
        }

        _chunks.Clear();
        _last = null;
    }

    /// <summary>What was handed over has been written.</summary>
    public void Written(int bytes) => Bytes -= bytes;
}
