namespace Lattice.Core.Disk;

/// <summary>Who files belong to.</summary>
public static class FileOwner
{
    /// <summary>Gives a directory and all below it the owner, the group and, for itself, the permissions of another one. Without the right to do so, it stays as it is.</summary>
    public static void Copy(string from, string to)
    {
        (uint user, uint group) = Posix.OwnerOf(from);
        foreach (string path in Directory.EnumerateFileSystemEntries(to, "*", SearchOption.AllDirectories).Prepend(to))
        {
            Posix.SetOwner(path, user, group);
        }

        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(to, File.GetUnixFileMode(from));
        }
    }
}
