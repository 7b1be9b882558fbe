namespace Lattice.Core.Disk;

/// <summary>The file system of this machine. Stateless; safe for any number of threads.</summary>
public sealed class PhysicalDisk : IDisk
{
    /// <inheritdoc/>
    public void CreateDirectory(string path) => PhysicalFile.Guard(path, () =>
    {
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        if (Directory.Exists(full))
        {
            return;
        }

        // A new directory is durable once its parent is synced, so each level that is new is made and synced by itself.
        string? parent = Path.GetDirectoryName(full);
        if (parent is not null)
        {
            CreateDirectory(parent);
        }

        Directory.CreateDirectory(full);
        if (parent is not null)
        {
            SyncDirectory(parent);
        }
    });

    /// <inheritdoc/>
    public IReadOnlyList<string> List(string directory)
    {
        if (!Directory.Exists(directory))
        {
            return [];
        }

        string[] names = Directory.GetFiles(directory);
        for (int i = 0; i < names.Length; i++)
        {
            names[i] = Path.GetFileName(names[i]);
        }

        Array.Sort(names, StringComparer.Ordinal);
        return names;
    }

    /// <inheritdoc/>
    public bool Exists(string path) => File.Exists(path);

    /// <inheritdoc/>
    public IDiskFile Open(string path, DiskFileMode mode) => PhysicalFile.Open(path, mode);

    /// <inheritdoc/>
    public void Rename(string from, string to) => PhysicalFile.Guard(from, () => File.Move(from, to, overwrite: true));

    /// <inheritdoc/>
    public void Delete(string path) => PhysicalFile.Guard(path, () =>
    {
        try
        {
            File.Delete(path);
        }
        catch (DirectoryNotFoundException)
        {
            // Then neither does the file exist.
        }
    });

    /// <inheritdoc/>
    public void Link(string existing, string name)
    {
        if (OperatingSystem.IsLinux() || OperatingSystem.IsMacOS())
        {
            Posix.Link(existing, name);
        }
        else
        {
            File.Copy(existing, name);
        }
    }

    /// <inheritdoc/>
    public void SyncDirectory(string directory)
    {
        if (OperatingSystem.IsLinux() || OperatingSystem.IsMacOS())
        {
            Posix.SyncDirectory(directory);
        }
    }

    /// <inheritdoc/>
    public long FreeBytes(string path) => new DriveInfo(path).AvailableFreeSpace;

    /// <inheritdoc/>
    public long TotalBytes(string path)
    {
        // As df has it: what only root may use counts neither as used nor as free.
        var volume = new DriveInfo(path);
        return volume.TotalSize - volume.TotalFreeSpace + volume.AvailableFreeSpace;
    }
}
