using System.Buffers;
using System.Globalization;
using Lattice.Core.Disk;

namespace Lattice.Core.Log;

/// <summary>One open segment file.</summary>
internal sealed class Segment(uint number, string path, IDiskFile file)
{
    public uint Number => number;

    public string Path => path;

    public IDiskFile File => file;
}

/// <summary>
/// The segment files of a log: <c>%016d.wal</c>, numbered from 1 without gaps. A segment is made under another name,
/// filled with zeros, given its header and synced before it is renamed: what has the name of a segment is one. Safe for use
/// from several threads.
/// </summary>
internal sealed class SegmentFiles(IDisk disk, string directory) : IDisposable
{
    private const string Extension = ".wal";
    private const string UnfinishedExtension = ".wal.tmp";
    private const int NumberDigits = 16;
    private readonly Lock _gate = new();
    private readonly Lock _making = new();
    private readonly SortedDictionary<uint, Segment> _open = [];

    public ulong LogId { get; set; }

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _open.Count;
            }
        }
    }

    public long Bytes
    {
        get
        {
            lock (_gate)
            {
                long bytes = 0;
                foreach (Segment segment in _open.Values)
                {
                    bytes += segment.File.Length;
                }

                return bytes;
            }
        }
    }

    public uint Oldest
    {
        get
        {
            lock (_gate)
            {
                foreach (uint number in _open.Keys)
                {
                    return number;
                }

                return 0;
            }
        }
    }

    /// <summary>The segments there are, in order.</summary>
    public uint[] Numbers()
    {
        lock (_gate)
        {
            return [.. _open.Keys];
        }
    }

    private uint Newest
    {
        get
        {
            lock (_gate)
            {
                uint newest = 0;
                foreach (uint number in _open.Keys)
                {
                    newest = number;
                }

                return newest;
            }
        }
    }

    /// <summary>Opens all segments that exist, in order; a gap in their numbers is corruption.</summary>
    public IReadOnlyList<Segment> OpenAll()
    {
        var found = new List<Segment>();
        byte[] header = new byte[SegmentHeader.Bytes];
        foreach (string name in disk.List(directory))
        {
            if (!TryParse(name, out uint number))
            {
                continue;
            }

            string path = PathOf(number);
            if (found.Count > 0 && number != found[^1].Number + 1)
            {
                throw new LogCorruptException(PathOf(found[^1].Number + 1), 0, $"the segment is missing; {found[^1].Path} and {path} exist.");
            }

            var segment = new Segment(number, path, disk.Open(path, DiskFileMode.ReadWrite));
            lock (_gate)
            {
                _open.Add(number, segment);
            }

            int read = segment.File.Read(0, header);
            ulong logId = SegmentHeader.Read(header.AsSpan(0, read), path, number).LogId;
            if (found.Count > 0 && logId != LogId)
            {
                throw new LogCorruptException(path, 0, "the segment belongs to another log than the one before it.");
            }

            LogId = logId;
            found.Add(segment);
        }

        return found;
    }

    /// <summary>
    /// Removes what was left of segments that were never finished, and makes the names of the others durable: a process that died may have
    /// named a segment and not have come to sync the directory.
    /// </summary>
    public void SettleNames()
    {
        foreach (string name in disk.List(directory))
        {
            if (name.EndsWith(UnfinishedExtension, StringComparison.Ordinal))
            {
                disk.Delete(Path.Combine(directory, name));
            }
        }

        disk.SyncDirectory(directory);
    }

    public Segment? Find(uint number)
    {
        lock (_gate)
        {
            return _open.GetValueOrDefault(number);
        }
    }

    /// <summary>The segment, at least this long: made, or extended, if need be. Waits when it is being made by another thread.</summary>
    /// <exception cref="DiskFullException">No room; nothing has changed.</exception>
    public Segment Ensure(uint number, long length)
    {
        Segment? segment = Find(number);
        if (segment is null)
        {
            lock (_making)
            {
                segment = Find(number) ?? Make(number, length);
            }
        }

        if (segment.File.Length < length)
        {
            segment.File.Preallocate(length);
            segment.File.Sync();
        }

        return segment;
    }

    /// <summary>Makes the segment if it is to be the newest; false when it exists, or did.</summary>
    /// <exception cref="DiskFullException">No room; nothing has changed.</exception>
    public bool TryAdd(uint number, long length)
    {
        lock (_making)
        {
            if (number <= Newest)
            {
                return false;
            }

            Make(number, length);
            return true;
        }
    }

    /// <summary>
    /// Deletes a segment. The directory is synced each time, so that a crash never leaves an older segment behind while a
    /// younger one is gone: that would be a gap.
    /// </summary>
    public void Delete(uint number)
    {
        Segment segment = Find(number)!;
        segment.File.Dispose();
        disk.Delete(segment.Path);
        disk.SyncDirectory(directory);

        // Last, so that a deletion that failed is tried again before the next segment's.
        lock (_gate)
        {
            _open.Remove(number);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            foreach (Segment segment in _open.Values)
            {
                segment.File.Dispose();
            }

            _open.Clear();
        }
    }

    public string PathOf(uint number) => Path.Combine(directory, number.ToString("D16", CultureInfo.InvariantCulture) + Extension);

    private Segment Make(uint number, long length)
    {
        string path = PathOf(number);
        string unfinished = Path.Combine(directory, number.ToString("D16", CultureInfo.InvariantCulture) + UnfinishedExtension);
        disk.Delete(unfinished);
        IDiskFile? file = null;
        try
        {
            file = disk.Open(unfinished, DiskFileMode.Create);
            file.Preallocate(length);
            byte[] header = ArrayPool<byte>.Shared.Rent(SegmentHeader.Bytes);
            new SegmentHeader(number, LogId).Write(header);
            file.Write(0, header.AsSpan(0, SegmentHeader.Bytes));
            ArrayPool<byte>.Shared.Return(header);
            file.Sync();
            disk.Rename(unfinished, path);
            disk.SyncDirectory(directory);
        }
        catch (DiskFullException)
        {
            // Give the room back at once: others on this volume may need it more than a segment that is not there yet.
            file?.Dispose();
            disk.Delete(unfinished);
            throw;
        }
        catch
        {
            file?.Dispose();
            throw;
        }

        var segment = new Segment(number, path, file);
        lock (_gate)
        {
            _open.Add(number, segment);
        }

        return segment;
    }

    private static bool TryParse(string name, out uint number)
    {
        number = 0;
        return name.Length == NumberDigits + Extension.Length
            && name.EndsWith(Extension, StringComparison.Ordinal)
            && uint.TryParse(name.AsSpan(0, NumberDigits), NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }
}
