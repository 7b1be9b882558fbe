using System.Globalization;

namespace Lattice.Core.Verification;

/// <summary>What is kept of a node that diverged.</summary>
/// <param name="Folder">Where it lies.</param>
/// <param name="Bytes">How much it is.</param>
/// <param name="Dropped">Files and folders, relative to <paramref name="Folder"/>, that did not fit.</param>
public sealed record KeptData(string Folder, long Bytes, IReadOnlyList<string> Dropped);

/// <summary>What a node that diverged had: kept beside its new data for those who look into it, one incident at a time, up to a size. The report is always kept.</summary>
public static class DivergentData
{
    /// <summary>Folder of what is kept, in the data directory.</summary>
    public const string FolderName = "divergence";

    private const string Log = "wal";
    private const string Snapshots = "snapshots";
    private const string State = "state";

    private static readonly string[] Moved = [Log, Snapshots, State];

    /// <summary>Moves log, snapshots, state and report of a stopped node into the folder, in place of what an earlier incident left there.</summary>
    /// <param name="dataDirectory">The node's data directory.</param>
    /// <param name="now">The time.</param>
    /// <param name="mostBytes">Size up to which log, snapshots and state are kept.</param>
    public static KeptData PutAside(string dataDirectory, DateTimeOffset now, long mostBytes)
    {
        string folder = Path.Combine(dataDirectory, FolderName);
        string aside = Path.Combine(folder, now.ToString("yyyyMMddTHHmmss", CultureInfo.InvariantCulture));
        foreach (string earlier in Directory.Exists(folder) ? Directory.GetDirectories(folder) : [])
        {
            if (File.Exists(Path.Combine(earlier, DivergenceReportFile.FileName)))
            {
                Directory.Delete(earlier, recursive: true);
            }
            else
            {
                // Broken off: what was moved then belongs to this incident.
                aside = earlier;
            }
        }

        Directory.CreateDirectory(aside);
        foreach (string name in Moved)
        {
            string from = Path.Combine(dataDirectory, name);
            if (Directory.Exists(from))
            {
                Directory.Move(from, Path.Combine(aside, name));
            }
        }

        IReadOnlyList<string> dropped = Trim(aside, mostBytes);

        // The mark goes last.
        File.Move(Path.Combine(dataDirectory, DivergenceReportFile.FileName), Path.Combine(aside, DivergenceReportFile.FileName));
        return new KeptData(aside, SizeOf(aside), dropped);
    }

    /// <summary>
    /// Drops what says least about the fault until the rest fits: snapshots and segments of the log, the oldest first, and only then the state, which is of no use in part.
    /// </summary>
    private static List<string> Trim(string folder, long mostBytes)
    {
        var dropped = new List<string>();
        long left = SizeOf(folder);
        foreach (string path in FilesOf(folder, Snapshots).Concat(FilesOf(folder, Log)).Append(Path.Combine(folder, State)))
        {
            if (left <= mostBytes)
            {
                break;
            }

            if (File.Exists(path))
            {
                left -= new FileInfo(path).Length;
                File.Delete(path);
                dropped.Add(Path.GetRelativePath(folder, path));
            }
            else if (Directory.Exists(path))
            {
                left -= SizeOf(path);
                Directory.Delete(path, recursive: true);
                dropped.Add(Path.GetRelativePath(folder, path));
            }
        }

        return dropped;
    }

    // By age; what was written in the same moment by its name, which is a number.
    private static IEnumerable<string> FilesOf(string folder, string name) =>
        Directory.Exists(Path.Combine(folder, name)) ? Directory.GetFiles(Path.Combine(folder, name)).OrderBy(File.GetLastWriteTimeUtc).ThenBy(f => f, StringComparer.Ordinal) : [];

    private static long SizeOf(string folder) => new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories).Sum(f => f.Length);
}
