namespace Lattice.Cli.Backup;

/// <summary>A new file that holds a cluster's data: for its owner only.</summary>
internal static class PrivateFile
{
    /// <summary>Creates it, or empties what an earlier attempt left. Nobody else writes it meanwhile.</summary>
    public static FileStream Open(string path)
    {
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.Read };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        var file = new FileStream(path, options);
        file.SetLength(0);
        return file;
    }
}
