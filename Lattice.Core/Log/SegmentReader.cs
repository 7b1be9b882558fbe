using Lattice.Core.Disk;

namespace Lattice.Core.Log;

/// <summary>Reads a segment from front to back through one large buffer that serves all segments of a recovery.</summary>
internal sealed class SegmentReader
{
    private const int BufferBytes = 2 << 20;
    private byte[] _buffer = [];
    private Segment? _segment;
    private long _start;
    private int _count;

    public long Length { get; private set; }

    public long BytesRead { get; private set; }

    public void Begin(Segment segment)
    {
        _segment = segment;
        Length = segment.File.Length;
        _start = 0;
        _count = 0;
        int wanted = (int)Math.Min(BufferBytes, Length);
        if (_buffer.Length < wanted)
        {
            _buffer = new byte[wanted];
        }
    }

    /// <summary>The bytes at the offset, fewer only at the end of the file. Valid until the next call; offsets never go back.</summary>
    public ReadOnlySpan<byte> Peek(long offset, int bytes)
    {
        int wanted = (int)Math.Min(bytes, Length - offset);
        if (offset + wanted > _start + _count)
        {
            Fill(offset, wanted);
        }

        return _buffer.AsSpan((int)(offset - _start), wanted);
    }

    /// <summary>Offset after the last byte that is not zero, from <paramref name="offset"/> on; <paramref name="offset"/> when there is none.</summary>
    public long EndOfData(long offset)
    {
        long end = offset;
        for (long at = offset; at < Length; at += _buffer.Length)
        {
            ReadOnlySpan<byte> bytes = Peek(at, _buffer.Length);
            int last = bytes.LastIndexOfAnyExcept((byte)0);
            if (last >= 0)
            {
                end = at + last + 1;
            }
        }

        return end;
    }

    private void Fill(long offset, int wanted)
    {
        int kept = (int)Math.Max(0, _start + _count - offset);
        byte[] target = wanted > _buffer.Length ? new byte[wanted] : _buffer;
        _buffer.AsSpan(_count - kept, kept).CopyTo(target);
        _buffer = target;
        _start = offset;
        int read = _segment!.File.Read(offset + kept, _buffer.AsSpan(kept));
        BytesRead += read;
        _count = kept + read;
        if (_count < wanted)
        {
            throw new DiskFailedException($"{_segment.Path} has {Length} bytes but reading ended at {offset + _count}. Check the disk, then start the node again.");
        }
    }
}
