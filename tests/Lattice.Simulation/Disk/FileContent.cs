using Lattice.Simulation.Runtime;

namespace Lattice.Simulation.Disk;

/// <summary>
/// What a file holds: as programs see it, as the platters hold it, and the changes between the two in the order they
/// were made. Sectors are written whole, and nothing else is promised before a sync.
/// </summary>
internal sealed class FileContent
{
    /// <summary>Bytes that a disk writes as one.</summary>
    public const int SectorSize = 512;

    private readonly List<Change> _changes = [];
    private byte[] _visible = [];
    private byte[] _durable = [];
    private long _durableLength;

    /// <summary>Length as programs see it.</summary>
    public long Length { get; private set; }

    /// <summary>Whether there is something that a crash could take away.</summary>
    public bool Dirty => _changes.Count > 0;

    /// <summary>A copy of what is durable, as a backup of the disk would hold it.</summary>
    public FileContent CloneDurable()
    {
        FileContent copy = new() { Length = _durableLength, _durableLength = _durableLength, _durable = Prefix(_durable, _durableLength) };
        copy._visible = Prefix(_durable, _durableLength);
        return copy;
    }

    public int Read(long offset, Span<byte> buffer)
    {
        if (offset >= Length)
        {
            return 0;
        }

        int count = (int)Math.Min(buffer.Length, Length - offset);
        _visible.AsSpan((int)offset, count).CopyTo(buffer);
        return count;
    }

    public void Write(long offset, ReadOnlySpan<byte> data)
    {
        if (offset + data.Length > Length)
        {
            Resize(offset + data.Length);
        }

        data.CopyTo(_visible.AsSpan((int)offset));
        _changes.Add(new Change(offset, data.ToArray()));
    }

    public void Resize(long length)
    {
        if (length == Length)
        {
            return;
        }

        Grow(ref _visible, length);
        if (length < Length)
        {
            _visible.AsSpan((int)length, (int)(Length - length)).Clear();
        }

        Length = length;
        _changes.Add(new Change(length, null));
    }

    public void Sync()
    {
        Grow(ref _durable, Length);
        foreach (Change change in _changes)
        {
            Apply(change, _durable, ref _durableLength);
        }

        _changes.Clear();
    }

    /// <summary>Loses what was not synced: every sector, and the length, keeps a prefix of its own changes.</summary>
    /// <returns>Parts of changes that survived, and that did not.</returns>
    public (int Kept, int Lost) Crash(SeededRandom random, double keep)
    {
        if (_changes.Count == 0)
        {
            return default;
        }

        int kept = 0;
        int lost = 0;
        HashSet<long> frozen = [];
        foreach (Change change in _changes)
        {
            if (change.Data is not { } data)
            {
                if (Survives(-1))
                {
                    Grow(ref _durable, change.Offset);
                    Apply(change, _durable, ref _durableLength);
                }

                continue;
            }

            Grow(ref _durable, change.Offset + data.Length);
            long end = change.Offset + data.Length;
            for (long sector = change.Offset / SectorSize; sector * SectorSize < end; sector++)
            {
                if (Survives(sector))
                {
                    long from = Math.Max(change.Offset, sector * SectorSize);
                    long to = Math.Min(end, (sector + 1) * SectorSize);
                    data.AsSpan((int)(from - change.Offset), (int)(to - from)).CopyTo(_durable.AsSpan((int)from));
                }
            }
        }

        _changes.Clear();
        _durable.AsSpan((int)_durableLength).Clear();
        _visible = (byte[])_durable.Clone();
        Length = _durableLength;
        return (kept, lost);

        bool Survives(long sector)
        {
            if (!frozen.Contains(sector) && random.Chance(keep))
            {
                kept++;
                return true;
            }

            frozen.Add(sector);
            lost++;
            return false;
        }
    }

    /// <summary>Turns one bit over, in what is durable and in what is seen.</summary>
    public void FlipBit(long bit)
    {
        int index = (int)(bit / 8);
        byte mask = (byte)(1 << (int)(bit % 8));
        _visible[index] ^= mask;
        if (index < _durableLength)
        {
            _durable[index] ^= mask;
        }
    }

    private static void Apply(Change change, byte[] target, ref long length)
    {
        if (change.Data is { } data)
        {
            data.CopyTo(target.AsSpan((int)change.Offset));
            return;
        }

        if (change.Offset < length)
        {
            target.AsSpan((int)change.Offset, (int)(length - change.Offset)).Clear();
        }

        length = change.Offset;
    }

    private static void Grow(ref byte[] bytes, long length)
    {
        if (bytes.Length < length)
        {
            Array.Resize(ref bytes, (int)Math.Max(length, Math.Min(bytes.Length * 2L, length + (1 << 20))));
        }
    }

    private static byte[] Prefix(byte[] bytes, long length) => bytes.AsSpan(0, (int)length).ToArray();

    /// <summary>A write, or (without data) a new length.</summary>
    private sealed record Change(long Offset, byte[]? Data);
}
