using System.Globalization;
using System.Runtime.InteropServices;
using Lattice.Core.Verification;

namespace Lattice.Silo.Analysis;

/// <summary>
/// What the kernel shows of the machine that matters when something has changed in memory or on a disk. Only what is really there: virtual machines mostly show no
/// counters.
/// </summary>
public static class MachineFacts
{
    /// <summary>Reads the facts.</summary>
    /// <param name="root">Where <c>proc</c> and <c>sys</c> lie.</param>
    public static ReportedMachine Read(string root = "/") => new()
    {
        Processor = Field(Path.Combine(root, "proc/cpuinfo"), "model name"),
        Cores = Environment.ProcessorCount,
        MemoryBytes = Field(Path.Combine(root, "proc/meminfo"), "MemTotal") is { } total && Number(total.Split(' ')[0]) is { } kilobytes ? kilobytes << 10 : null,
        Kernel = $"{RuntimeInformation.OSDescription} {RuntimeInformation.OSArchitecture}",
        MemoryErrors = [.. MemoryControllers(Path.Combine(root, "sys/devices/system/edac/mc"))],
        DeviceErrors =
        [
            .. Counters(Path.Combine(root, "sys/block"), "device/ioerr_cnt"),
            .. Counters(Path.Combine(root, "sys/fs/ext4"), "errors_count"),
        ],
    };

    private static IEnumerable<MemoryErrors> MemoryControllers(string directory)
    {
        foreach (string controller in Children(directory, "mc*"))
        {
            if (Count(Path.Combine(controller, "ce_count")) is { } corrected && Count(Path.Combine(controller, "ue_count")) is { } uncorrected)
            {
                yield return new MemoryErrors(Path.GetFileName(controller), corrected, uncorrected);
            }
        }
    }

    private static IEnumerable<DeviceErrors> Counters(string directory, string counter)
    {
        foreach (string device in Children(directory, "*"))
        {
            if (Count(Path.Combine(device, counter)) is { } count)
            {
                yield return new DeviceErrors(Path.GetFileName(device), Path.GetFileName(counter), count);
            }
        }
    }

    private static IEnumerable<string> Children(string directory, string pattern) =>
        Directory.Exists(directory) ? Directory.GetDirectories(directory, pattern).Order(StringComparer.Ordinal) : [];

    private static long? Count(string path) => Text(path) is { } text ? Number(text.Trim()) : null;

    private static string? Field(string path, string name) => Text(path)?
        .Split('\n')
        .Select(line => line.Split(':', 2, StringSplitOptions.TrimEntries))
        .FirstOrDefault(parts => parts.Length == 2 && parts[0] == name)?[1];

    private static string? Text(string path)
    {
        try
        {
            return File.Exists(path) ? File.ReadAllText(path) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A counter that cannot be read is one that is not there.
            return null;
        }
    }

    private static long? Number(string text)
    {
        bool isHexadecimal = text.StartsWith("0x", StringComparison.Ordinal);
        return long.TryParse(isHexadecimal ? text.AsSpan(2) : text, isHexadecimal ? NumberStyles.AllowHexSpecifier : NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : null;
    }
}
