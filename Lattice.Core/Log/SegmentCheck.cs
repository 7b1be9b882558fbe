using Lattice.Core.Disk;

namespace Lattice.Core.Log;

/// <summary>Reads segments to which nothing is written any more, and checks every record in them. Beside everything else, through file handles of its own.</summary>
internal sealed class SegmentCheck(IDisk disk, SegmentFiles files, Action<int> pace)
{
    private readonly SegmentReader reader = new();

    /// <summary>Checks them all.</summary>
    /// <exception cref="LogCorruptException">A record is damaged or missing.</exception>
    public void Run()
    {
        foreach (uint number in files.Numbers())
        {
            // A segment is entered when the one before it is durable to its end.
            if (IsEntered(number + 1) && FirstDamage(number) is { } offset && files.Find(number) is not null)
            {
                throw new LogCorruptException(files.PathOf(number), offset, "a record that was good when it was written is damaged.");
            }
        }
    }

    private bool IsEntered(uint number)
    {
        using IDiskFile? file = TryOpen(number);
        byte[] start = new byte[LogRecord.HeaderBytes];
        return file is not null && file.Read(SegmentHeader.Bytes, start) == start.Length && LogRecord.TryReadHeader(start, out _);
    }

    /// <summary>Where the first damaged record lies; null: none is, or the segment is gone.</summary>
    private long? FirstDamage(uint number)
    {
        using IDiskFile? file = TryOpen(number);
        if (file is null)
        {
            return null;
        }

        reader.Begin(new Segment(number, files.PathOf(number), file));
        long seed = LogRecord.Seed(files.LogId, number);
        ulong? chain = null;
        for (long offset = SegmentHeader.Bytes; ;)
        {
            ReadOnlySpan<byte> bytes = reader.Peek(offset, LogRecord.HeaderBytes);
            if (bytes.Length < LogRecord.HeaderBytes
                || !LogRecord.TryReadHeader(bytes, out LogRecordHeader header)
                || header.Size > reader.Length - offset
                || (chain is { } before && header.Chain != before)
                || !LogRecord.Verify(reader.Peek(offset, header.Size), seed))
            {
                return offset;
            }

            if (header.Type == LogRecordType.SegmentEnd)
            {
                return null;
            }

            chain = header.Check;
            offset += header.Size;
            pace(header.Size);
        }
    }

    private IDiskFile? TryOpen(uint number)
    {
        try
        {
            return files.Find(number) is null ? null : disk.Open(files.PathOf(number), DiskFileMode.Read);
        }
        catch (FileNotFoundException)
        {
            // Nobody needs it any more.
            return null;
        }
    }
}
