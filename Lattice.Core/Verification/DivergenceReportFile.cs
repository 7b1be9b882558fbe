using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using Lattice.Core.Disk;

namespace Lattice.Core.Verification;

/// <summary>
/// The report in a node's data directory. As long as it lies there the node does not start. Written at once or not at all, so that whoever finds it finds all of it.
/// </summary>
public static class DivergenceReportFile
{
    /// <summary>Name of the file.</summary>
    public const string FileName = "divergence-report.json";

    private const int MostBytes = 256 << 20;

    /// <summary>Writes the report into a directory, replacing one that is there; durable on return. Only under its usual name, in a data directory, it keeps the node from starting.</summary>
    public static void Write(IDisk disk, string directory, DivergenceReport report, string name = FileName)
    {
        string unfinished = Path.Combine(directory, name + ".tmp");
        disk.Delete(unfinished);
        using (IDiskFile file = disk.Open(unfinished, DiskFileMode.Create))
        {
            file.Write(0, Encoding.UTF8.GetBytes(DivergenceReportJson.Write(report) + "\n"));
            file.Sync();
        }

        disk.Rename(unfinished, Path.Combine(directory, name));
        disk.SyncDirectory(directory);
    }

    /// <summary>Reads a report.</summary>
    /// <param name="disk">The disk.</param>
    /// <param name="path">Path of the file.</param>
    /// <param name="report">The report.</param>
    /// <param name="mistake">Why it cannot be read: what is wrong, what that means, what to do.</param>
    public static bool TryRead(IDisk disk, string path, [NotNullWhen(true)] out DivergenceReport? report, [NotNullWhen(false)] out string? mistake)
    {
        report = null;
        if (!disk.Exists(path))
        {
            mistake = $"There is no divergence report {path}. A node that halts because its state is wrong leaves one as {FileName} in its data directory.";
            return false;
        }

        try
        {
            string json = ReadText(disk, path);
            int version = VersionOf(json);
            if (version > DivergenceReport.CurrentSchemaVersion)
            {
                mistake = $"The divergence report {path} has schema version {version}, and this version of Lattice reads up to {DivergenceReport.CurrentSchemaVersion}. Read it with the version of Lattice that wrote it, or a newer one.";
                return false;
            }

            report = DivergenceReportJson.Read<DivergenceReport>(json);
            mistake = null;
            return true;
        }
        catch (JsonException e)
        {
            mistake = $"The file {path} is not a divergence report, or was changed since it was written: {e.Message} Take it from the node's data directory again, or from a backup.";
            return false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            mistake = $"The divergence report {path} cannot be read: {e.Message}";
            return false;
        }
    }

    private static string ReadText(IDisk disk, string path)
    {
        using IDiskFile file = disk.Open(path, DiskFileMode.Read);
        if (file.Length > MostBytes)
        {
            throw new JsonException($"It has {file.Length} bytes, and no report is longer than {MostBytes}.");
        }

        byte[] content = new byte[file.Length];
        int read = file.Read(0, content);
        return Encoding.UTF8.GetString(content, 0, read);
    }

    private static int VersionOf(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        return document.RootElement.ValueKind == JsonValueKind.Object
            && document.RootElement.TryGetProperty("schemaVersion", out JsonElement version)
            && version.TryGetInt32(out int number)
            && number > 0
            ? number
            : throw new JsonException("It names no schemaVersion.");
    }
}
