using Lattice.Core.Disk;
using Lattice.Simulation.Runtime;

namespace Lattice.Simulation.Disk;

/// <summary>
/// The disk of one simulated machine. It keeps exactly what <see cref="IDisk"/> promises: after a crash, written sectors
/// that were not synced are there or not, each for itself; names that were not synced likewise.
/// </summary>
internal sealed class SimulatedDisk(SeededRandom random, PowerSwitch power, Coverage coverage) : IDisk
{
    private readonly SortedDictionary<string, DirectoryContent> _directories = new(StringComparer.Ordinal);

    /// <summary>Bytes that fit.</summary>
    public long Capacity { get; set; } = long.MaxValue;

    /// <summary>Lets every sync fail until the next crash.</summary>
    public bool FailSyncs { get; set; }

    /// <summary>Set for a disk that lies: it confirms a sync at once and does it when it is called back.</summary>
    public Action<Action>? SyncLater { get; set; }

    /// <summary>Changes with each crash, so that handles of a process that died are noticed when used.</summary>
    public int Life { get; private set; }

    /// <summary>Bytes that the files take.</summary>
    public long Used
    {
        get
        {
            long sum = 0;
            foreach (DirectoryContent directory in _directories.Values)
            {
                foreach (FileContent file in directory.Files.Values)
                {
                    sum += file.Length;
                }
            }

            return sum;
        }
    }

    public void CreateDirectory(string path)
    {
        Enter();
        for (string current = Normal(path); current.Length > 0; current = current[..current.LastIndexOf('/')])
        {
            _directories.TryAdd(current, new DirectoryContent());
        }
    }

    public IReadOnlyList<string> List(string directory)
    {
        Enter();
        return _directories.TryGetValue(Normal(directory), out DirectoryContent? found) ? [.. found.Files.Keys] : [];
    }

    public bool Exists(string path)
    {
        Enter();
        return Find(path) is not null;
    }

    public IDiskFile Open(string path, DiskFileMode mode)
    {
        Enter();
        FileContent? file = Find(path);
        if (mode != DiskFileMode.Create)
        {
            return new SimulatedFile(this, path, file ?? throw new FileNotFoundException($"{path}: no such file."), mode != DiskFileMode.Read);
        }

        if (file is not null)
        {
            throw new IOException($"{path}: exists already.");
        }

        if (Used >= Capacity)
        {
            throw new DiskFullException($"{path}: cannot be created, the volume is full.");
        }

        file = new FileContent();
        Directory(path).Add(Name(path), file);
        return new SimulatedFile(this, path, file, writable: true);
    }

    public void Rename(string from, string to)
    {
        Enter();
        if (Find(from) is null)
        {
            throw new FileNotFoundException($"{from}: no such file.");
        }

        if (!string.Equals(Parent(from), Parent(to), StringComparison.Ordinal))
        {
            throw new IOException($"{from} cannot be renamed to {to}: another directory.");
        }

        Directory(from).Rename(Name(from), Name(to));
    }

    public void Delete(string path)
    {
        Enter();
        if (Find(path) is not null)
        {
            Directory(path).Remove(Name(path));
        }
    }

    public void SyncDirectory(string directory)
    {
        bool failing = power.FailsNow();
        if (failing)
        {
            PowerSwitch.Fail();
        }

        FailIfBroken(directory);
        if (_directories.TryGetValue(Normal(directory), out DirectoryContent? found))
        {
            found.Sync();
        }
    }

    public long FreeBytes(string path)
    {
        Enter();
        return Math.Max(0, Capacity - Used);
    }

    public long TotalBytes(string path)
    {
        Enter();
        return Capacity;
    }

    /// <summary>The machine lost its power: what was not synced is lost in part.</summary>
    public void Crash()
    {
        Life++;
        FailSyncs = false;
        foreach (DirectoryContent directory in _directories.Values)
        {
            directory.Crash(random, coverage);
        }
    }

    /// <summary>The process that used the disk died: its handles are gone, what it wrote is still there, synced or not.</summary>
    public void ProcessDied()
    {
        Life++;
        FailSyncs = false;
    }

    /// <summary>Removes the files below a directory, durably, as an operator does on a node that is down.</summary>
    public void Remove(string directory)
    {
        foreach (string path in FilesBelow(directory))
        {
            Directory(path).Remove(Name(path));
        }

        foreach ((string path, DirectoryContent content) in _directories)
        {
            if (path.StartsWith(directory, StringComparison.Ordinal))
            {
                content.Sync();
            }
        }
    }

    /// <summary>Everything is gone, as on a new disk.</summary>
    public void Wipe()
    {
        Life++;
        _directories.Clear();
    }

    /// <summary>What is durable now: a backup.</summary>
    public SimulatedDiskImage Image()
    {
        Dictionary<string, DirectoryContent> copy = new(StringComparer.Ordinal);
        foreach ((string path, DirectoryContent directory) in _directories)
        {
            copy.Add(path, directory.CloneDurable());
        }

        return new SimulatedDiskImage(copy);
    }

    /// <summary>Puts a backup in the place of everything.</summary>
    public void Restore(SimulatedDiskImage image)
    {
        Wipe();
        foreach ((string path, DirectoryContent directory) in image.Directories)
        {
            _directories.Add(path, directory.CloneDurable());
        }
    }

    /// <summary>The content of a file, for the one who plays with it; null when it is not there.</summary>
    public FileContent? Find(string path) =>
        _directories.TryGetValue(Parent(path), out DirectoryContent? directory) ? directory.Files.GetValueOrDefault(Name(path)) : null;

    /// <summary>Paths of all files below a directory.</summary>
    public IReadOnlyList<string> FilesBelow(string directory)
    {
        List<string> paths = [];
        foreach ((string path, DirectoryContent content) in _directories)
        {
            if (path.StartsWith(directory, StringComparison.Ordinal))
            {
                paths.AddRange(content.Files.Keys.Select(name => path + "/" + name));
            }
        }

        return paths;
    }

    internal bool PowerFailsNow() => power.FailsNow();

    internal void Enter()
    {
        if (power.FailsNow())
        {
            PowerSwitch.Fail();
        }
    }

    internal void FailIfBroken(string path)
    {
        if (FailSyncs)
        {
            coverage.Count("disk: syncs failed");
            throw new DiskFailedException($"{path}: fdatasync failed.");
        }
    }

    internal void Reserve(string path, long more)
    {
        if (more > 0 && Capacity != long.MaxValue && Used + more > Capacity)
        {
            coverage.Count("disk: refused, full");
            throw new DiskFullException($"{path}: {more} more bytes do not fit, the volume is full.");
        }
    }

    private DirectoryContent Directory(string path) =>
        _directories.TryGetValue(Parent(path), out DirectoryContent? directory)
            ? directory
            : throw new DirectoryNotFoundException($"{path}: no such directory.");

    private static string Normal(string path) => path.TrimEnd('/');

    private static string Parent(string path) => path[..path.LastIndexOf('/')];

    private static string Name(string path) => path[(path.LastIndexOf('/') + 1)..];
}

/// <summary>A backup of a disk.</summary>
internal sealed record SimulatedDiskImage(IReadOnlyDictionary<string, DirectoryContent> Directories);
