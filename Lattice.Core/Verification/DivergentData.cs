using System.Globalization;

namespace Lattice.Core.Verification;

/// <summary>What a node that diverged had: kept beside its new data for those who look into it, one incident at a time.</summary>
public static class DivergentData
{
    /// <summary>Folder of what is kept, in the data directory.</summary>
    public const string FolderName = "divergence";

    private static readonly string[] Moved = ["wal", "snapshots", "state"];

    /// <summary>Moves log, snapshots, state and report of a stopped node into the folder, in place of what an earlier incident left there.</summary>
    /// <returns>Where they are now.</returns>
    public static string PutAside(string dataDirectory, DateTimeOffset now)
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

        // The mark goes last.
        File.Move(Path.Combine(dataDirectory, DivergenceReportFile.FileName), Path.Combine(aside, DivergenceReportFile.FileName));
        return aside;
    }
}
