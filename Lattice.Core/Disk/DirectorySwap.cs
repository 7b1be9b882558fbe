namespace Lattice.Core.Disk;

/// <summary>Puts a prepared directory in the place of another one.</summary>
public static class DirectorySwap
{
    /// <summary>
    /// Gives <paramref name="prepared"/> the name <paramref name="target"/>, durably; what had it keeps existing. Whatever happens meanwhile, the name stands for one of
    /// the two as a whole, on all file systems that can exchange names (ext4, xfs, btrfs, tmpfs); on others there may be nothing under it after a crash.
    /// </summary>
    /// <returns>Where what had the name lies now: <paramref name="aside"/>, or <paramref name="prepared"/> if it could not be given that name; null: nothing had it.</returns>
    /// <exception cref="IOException">The name stands for what it stood for before.</exception>
    public static string? Replace(string prepared, string target, string aside)
    {
        string? former = Exchange(prepared, target, aside);
        new PhysicalDisk().SyncDirectory(Path.GetDirectoryName(Path.GetFullPath(target))!);
        return former;
    }

    private static string? Exchange(string prepared, string target, string aside)
    {
        if (!Directory.Exists(target))
        {
            Directory.Move(prepared, target);
            return null;
        }

        if (OperatingSystem.IsLinux() && Posix.TryExchange(prepared, target))
        {
            return TryMove(prepared, aside) ? aside : prepared;
        }

        Directory.Move(target, aside);
        try
        {
            Directory.Move(prepared, target);
            return aside;
        }
        catch (IOException)
        {
            Directory.Move(aside, target);
            throw;
        }
    }

    private static bool TryMove(string from, string to)
    {
        try
        {
            Directory.Move(from, to);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
