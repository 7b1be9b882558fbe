using Lattice.Core.Disk;

namespace Lattice.Core.Tests.Disk;

/// <summary>
/// A disk in memory that promises only what a real one does. After a crash any subset of the sectors written since
/// the last sync is left, and any prefix of the directory changes since the last directory sync.
/// </summary>
internal sealed class FaultyDisk : IDisk
{
    public const int SectorBytes = 512;
    private readonly Lock _gate = new();
    private readonly List<(string Directory, Action<SortedDictionary<string, Inode>> Change)> _unsynced = [];
    private SortedDictionary<string, Inode> _visible = new(StringComparer.Ordinal);
    private SortedDictionary<string, Inode> _durable = new(StringComparer.Ordinal);
    private int _epoch;

    /// <summary>Sum of the file lengths that fit.</summary>
    public long Capacity { get; set; } = long.MaxValue;

    /// <summary>Bytes that may still be written to existing room before the disk claims to be full (as file systems that copy on write do).</summary>
    public long WriteBudget { get; set; } = long.MaxValue;

    /// <summary>Called before each sync of a file.</summary>
    public Action<string>? Syncing { get; set; }

    /// <summary>Called before each write to a file.</summary>
    public Action<string>? Writing { get; set; }

    /// <summary>Operations that changed something.</summary>
    public long Changes { get; private set; }

    public int Syncs { get; private set; }

    public int Writes { get; private set; }

    public void CreateDirectory(string path)
    {
    }

    public IReadOnlyList<string> List(string directory)
    {
        lock (_gate)
        {
            return [.. _visible.Keys.Where(p => string.Equals(Path.GetDirectoryName(p), directory, StringComparison.Ordinal)).Select(p => Path.GetFileName(p)!)];
        }
    }

    public bool Exists(string path)
    {
        lock (_gate)
        {
            return _visible.ContainsKey(path);
        }
    }

    public IDiskFile Open(string path, DiskFileMode mode)
    {
        lock (_gate)
        {
            if (mode == DiskFileMode.Create)
            {
                if (_visible.ContainsKey(path))
                {
                    throw new IOException(path + " exists");
                }

                var inode = new Inode();
                Change(path, files => files[path] = inode);
            }

            return _visible.TryGetValue(path, out Inode? found) ? new FaultyFile(this, path, found, _epoch) : throw new FileNotFoundException(path);
        }
    }

    public void Rename(string from, string to)
    {
        lock (_gate)
        {
            Inode inode = _visible[from];
            Change(from, files =>
            {
                files.Remove(from);
                files[to] = inode;
            });
        }
    }

    public void Delete(string path)
    {
        lock (_gate)
        {
            if (_visible.ContainsKey(path))
            {
                Change(path, files => files.Remove(path));
            }
        }
    }

    public void SyncDirectory(string directory)
    {
        lock (_gate)
        {
            foreach ((_, Action<SortedDictionary<string, Inode>> change) in _unsynced.Where(c => string.Equals(c.Directory, directory, StringComparison.Ordinal)))
            {
                change(_durable);
            }

            _unsynced.RemoveAll(c => string.Equals(c.Directory, directory, StringComparison.Ordinal));
        }
    }

    public long FreeBytes(string path) => Capacity - Used();

    public long TotalBytes(string path) => Capacity;

    /// <summary>The power fails. <paramref name="keeps"/> decides for each sector that was not synced whether it got to the disk.</summary>
    public void Crash(Func<long, bool> keeps, int keptDirectoryChanges = 0)
    {
        lock (_gate)
        {
            _epoch++;
            foreach ((_, Action<SortedDictionary<string, Inode>> change) in _unsynced.Take(keptDirectoryChanges))
            {
                change(_durable);
            }

            _unsynced.Clear();
            _visible = new SortedDictionary<string, Inode>(_durable, StringComparer.Ordinal);
            foreach (Inode inode in _visible.Values.Distinct())
            {
                inode.Crash(keeps);
            }

            Capacity = WriteBudget = long.MaxValue;
            Syncing = Writing = null;
        }
    }

    public void Crash(Random random) => Crash(_ => random.Next(2) == 0, random.Next(_unsynced.Count + 1));

    /// <summary>The process dies, the machine does not: everything written is still there.</summary>
    public void Kill() => Interlocked.Increment(ref _epoch);

    /// <summary>What a failed sync leaves: the file's unsynced pages are in memory, count as clean, and are not on the disk.</summary>
    public void GiveUpUnsynced(string path) => _visible[path].GiveUpUnsynced();

    /// <summary>The file's bytes, to look at and to spoil.</summary>
    public byte[] Bytes(string path) => _visible[path].Current;

    /// <summary>Replaces a file's bytes, durably.</summary>
    public void Replace(string path, byte[] bytes) => _visible[path].Replace(bytes);

    /// <summary>Removes a file, durably.</summary>
    public void Lose(string path)
    {
        _visible.Remove(path);
        _durable.Remove(path);
    }

    /// <summary>An independent disk with the same content, all of it durable.</summary>
    public FaultyDisk Copy()
    {
        var copy = new FaultyDisk();
        foreach ((string path, Inode inode) in _visible)
        {
            var twin = new Inode { Current = (byte[])inode.Current.Clone() };
            twin.Replace(twin.Current);
            copy._visible[path] = twin;
            copy._durable[path] = twin;
        }

        return copy;
    }

    private long Used() => _visible.Values.Distinct().Sum(i => (long)i.Current.Length);

    private void Change(string path, Action<SortedDictionary<string, Inode>> change)
    {
        change(_visible);
        _unsynced.Add((Path.GetDirectoryName(path)!, change));
        Changes++;
    }

    private sealed class Inode
    {
        private readonly HashSet<int> _dirty = [];
        private byte[] _durable = [];

        public byte[] Current { get; set; } = [];

        public void Write(long offset, ReadOnlySpan<byte> data)
        {
            data.CopyTo(Current.AsSpan((int)offset));
            for (int sector = (int)(offset / SectorBytes); sector * SectorBytes < offset + data.Length; sector++)
            {
                _dirty.Add(sector);
            }
        }

        public void Resize(long length)
        {
            byte[] current = Current;
            Array.Resize(ref current, (int)length);
            Current = current;
        }

        public void Replace(byte[] bytes)
        {
            Current = (byte[])bytes.Clone();
            _durable = (byte[])bytes.Clone();
            _dirty.Clear();
        }

        public void Sync()
        {
            if (_durable.Length != Current.Length)
            {
                _durable = (byte[])Current.Clone();
            }

            foreach (int sector in _dirty.Where(s => s * SectorBytes < Current.Length))
            {
                int at = sector * SectorBytes;
                Current.AsSpan(at, Math.Min(SectorBytes, Current.Length - at)).CopyTo(_durable.AsSpan(at));
            }

            _dirty.Clear();
        }

        public void GiveUpUnsynced() => _dirty.Clear();

        public void Crash(Func<long, bool> keeps)
        {
            byte[] left = (byte[])_durable.Clone();
            foreach (int sector in _dirty.Order())
            {
                int at = sector * SectorBytes;
                if (keeps(at) && at < left.Length && at < Current.Length)
                {
                    int count = Math.Min(SectorBytes, Math.Min(left.Length, Current.Length) - at);
                    Current.AsSpan(at, count).CopyTo(left.AsSpan(at));
                }
            }

            Replace(left);
        }
    }

    private sealed class FaultyFile(FaultyDisk disk, string path, Inode inode, int epoch) : IDiskFile
    {
        public long Length
        {
            get
            {
                lock (disk._gate)
                {
                    return inode.Current.Length;
                }
            }
        }

        public int Read(long offset, Span<byte> buffer)
        {
            lock (disk._gate)
            {
                int count = (int)Math.Clamp(inode.Current.Length - offset, 0, buffer.Length);
                inode.Current.AsSpan((int)Math.Min(offset, inode.Current.Length), count).CopyTo(buffer);
                return count;
            }
        }

        public void Write(long offset, ReadOnlySpan<byte> data)
        {
            disk.Writing?.Invoke(path);
            lock (disk._gate)
            {
                Begin();
                disk.Writes++;
                int fits = (int)Math.Min(data.Length, disk.WriteBudget);
                if (disk.WriteBudget != long.MaxValue)
                {
                    disk.WriteBudget -= fits;
                }

                Grow(offset + fits);
                inode.Write(offset, data[..fits]);
                if (fits < data.Length)
                {
                    throw new DiskFullException("full: " + path);
                }
            }
        }

        public void Preallocate(long length)
        {
            lock (disk._gate)
            {
                Begin();
                Grow(length);
            }
        }

        public void Truncate(long length)
        {
            lock (disk._gate)
            {
                Begin();
                inode.Resize(length);
            }
        }

        public void Sync()
        {
            disk.Syncing?.Invoke(path);
            lock (disk._gate)
            {
                Begin();
                disk.Syncs++;
                inode.Sync();
            }
        }

        public void Dispose()
        {
        }

        private void Grow(long length)
        {
            if (length > inode.Current.Length)
            {
                if (disk.Used() + length - inode.Current.Length > disk.Capacity)
                {
                    throw new DiskFullException("full: " + path);
                }

                inode.Resize(length);
            }
        }

        private void Begin()
        {
            if (epoch != disk._epoch)
            {
                throw new InvalidOperationException("A file of before the crash was used.");
            }

            disk.Changes++;
        }
    }
}
