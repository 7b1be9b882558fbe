namespace Lattice.Core.Disk;

/// <summary>Puts a prepared directory in the place of another one.</summary>
public static class DirectorySwap
{
    /// <summary>
    /// Gives <paramref name="prepared"/> the name <paramref name="target"/>, durably; what had it keeps existing as <paramref name="aside"/>. Whatever happens meanwhile, the name stands for one of
    /// the two as a whole, on all file systems that can exchange names (ext4, xfs, btrfs, tmpfs); on others there may be nothing under it after a crash.
    /// </summary>
    public static void Replace(string prepared, string target, string aside)
    {
        string parent = Path.GetDirectoryName(Path.GetFullPath(target))!;
        if (!Directory.Exists(target))
        {
            Directory.Move(prepared, target);
        }
        else if (OperatingSystem.IsLinux() && Posix.TryExchange(prepared, target))
        {
            Directory.Move(prepared, aside);
        }
        else
        {
            Directory.Move(target, aside);
            Directory.Move(prepared, target);
        }

        new PhysicalDisk().SyncDirectory(parent);
    }
}
