namespace Lattice.Core.Disk;

/// <summary>Work that may take as long as it takes.</summary>
public static class BackgroundThread
{
    private const int Niceness = 15;

    /// <summary>From here on the calling thread gets what processor time nobody else wants. .NET's own thread priorities do nothing on Linux.</summary>
    public static void GiveWay()
    {
        if (OperatingSystem.IsLinux())
        {
            Posix.BeNice(Niceness);
        }
    }
}
