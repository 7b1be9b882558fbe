using System.Globalization;
using Lattice.Core.Disk;

namespace Lattice.Core.State;

/// <summary>What a snapshot file says about itself.</summary>
/// <param name="Number">Number in its name: the sum of the groups' applied indexes.</param>
/// <param name="CreatedMs">When it was taken, in milliseconds since 1970.</param>
/// <param name="Node">Node that took it.</param>
/// <param name="ClusterId">Identity of the cluster.</param>
/// <param name="ClusterName">Name of the cluster.</param>
public sealed record SnapshotFileInfo(ulong Number, ulong CreatedMs, int Node, ulong ClusterId, string ClusterName);

/// <summary>
/// Snapshot files: the state of all groups of a node in one file that stands alone, so it can be copied to another
/// node. Layout: a header, the blocks of each group's <see cref="GroupSnapshot"/>, a directory of the groups; each part with its checksum.
/// </summary>
public static class SnapshotFile
{
    /// <summary>Second name of the newest snapshot.</summary>
    public const string LatestName = "latest.snap";

    private const string Unfinished = ".new";

    /// <summary>Name of the snapshot with this number.</summary>
    public static string NameOf(ulong number) => string.Create(CultureInfo.InvariantCulture, $"snapshot-{number:D8}.snap");

    /// <summary>
    /// Writes a snapshot under its name and renews <see cref="LatestName"/>. Either name always stands for a whole file, whatever happens; unfinished
    /// files of earlier attempts are removed. Used by one thread at a time for a directory.
    /// </summary>
    /// <param name="disk">Disk.</param>
    /// <param name="directory">Directory, created if missing.</param>
    /// <param name="info">What the file says about itself.</param>
    /// <param name="groups">The groups, each once; read to their ends here, disposed by the caller.</param>
    /// <param name="written">Told how many bytes are written, as the file grows.</param>
    /// <returns>Path of the file.</returns>
    /// <exception cref="DiskFullException">No room; nothing of the attempt is left.</exception>
    public static string Write(IDisk disk, string directory, SnapshotFileInfo info, IReadOnlyList<GroupSnapshot> groups, Action<long>? written = null)
    {
        disk.CreateDirectory(directory);
        RemoveUnfinished(disk, directory);
        string path = Path.Combine(directory, NameOf(info.Number));
        string unfinished = path + Unfinished;
        try
        {
            using (IDiskFile file = disk.Open(unfinished, DiskFileMode.Create))
            {
                SnapshotFileWriter.Write(file, info, groups, written);
                file.Sync();
            }
        }
        catch (DiskFullException)
        {
            disk.Delete(unfinished);
            throw;
        }

        disk.Rename(unfinished, path);

        // The first name must be durable before the second one: a link is only as good as the file behind it.
        disk.SyncDirectory(directory);
        string latest = Path.Combine(directory, LatestName);
        disk.Link(path, latest + Unfinished);
        disk.Rename(latest + Unfinished, latest);
        disk.SyncDirectory(directory);
        return path;
    }

    /// <summary>Opens a snapshot file and checks its header and directory.</summary>
    /// <exception cref="SnapshotCorruptException">It is damaged, truncated or not a snapshot file.</exception>
    public static SnapshotFileReader Open(IDisk disk, string path) => SnapshotFileReader.Open(disk.Open(path, DiskFileMode.Read), path);

    /// <summary>Reads all of a snapshot file and checks everything: checksums, order, counts.</summary>
    /// <returns>What it says about itself.</returns>
    /// <exception cref="SnapshotCorruptException">It is damaged, truncated or not a snapshot file.</exception>
    public static SnapshotFileInfo Verify(IDisk disk, string path) => Verify(disk.Open(path, DiskFileMode.Read), path);

    /// <summary>The same for a file that lies in something else; disposes it.</summary>
    /// <param name="file">The file. Its header and its end are read first, then all of it in order.</param>
    /// <param name="path">What it is called in errors.</param>
    /// <exception cref="SnapshotCorruptException">It is damaged, truncated or not a snapshot file.</exception>
    public static SnapshotFileInfo Verify(IDiskFile file, string path)
    {
        using SnapshotFileReader reader = SnapshotFileReader.Open(file, path);
        foreach (SnapshotSection section in reader.Sections)
        {
            reader.Verify(section);
        }

        return reader.Info;
    }

    private static void RemoveUnfinished(IDisk disk, string directory)
    {
        foreach (string name in disk.List(directory))
        {
            if (name.EndsWith(".snap" + Unfinished, StringComparison.Ordinal))
            {
                disk.Delete(Path.Combine(directory, name));
            }
        }
    }
}
