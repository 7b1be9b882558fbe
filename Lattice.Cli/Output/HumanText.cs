using System.Globalization;

namespace Lattice.Cli.Output;

/// <summary>Durations and sizes as people read them.</summary>
internal static class HumanText
{
    private static readonly string[] Units = ["B", "KiB", "MiB", "GiB", "TiB"];

    /// <summary>The two largest units: <c>2h 11m</c>.</summary>
    public static string Duration(TimeSpan duration) => duration switch
    {
        { TotalDays: >= 1 } => $"{(int)duration.TotalDays}d {duration.Hours}h",
        { TotalHours: >= 1 } => $"{duration.Hours}h {duration.Minutes}m",
        { TotalMinutes: >= 1 } => $"{duration.Minutes}m {duration.Seconds}s",
        _ => $"{Math.Max(0, duration.Seconds)}s",
    };

    /// <summary>A size in bytes: <c>3.4 MiB</c>.</summary>
    public static string Bytes(long bytes)
    {
        double value = bytes;
        int unit = 0;
        while (value >= 1024 && unit < Units.Length - 1)
        {
            value /= 1024;
            unit++;
        }

        return string.Create(CultureInfo.InvariantCulture, $"{value:0.#} {Units[unit]}");
    }

    /// <summary>A time in microseconds: <c>88 µs</c>, <c>1.20 ms</c>, <c>2.00 s</c>.</summary>
    public static string Microseconds(double us) => us switch
    {
        < 1000 => string.Create(CultureInfo.InvariantCulture, $"{us:0} µs"),
        < 1_000_000 => string.Create(CultureInfo.InvariantCulture, $"{us / 1000:0.00} ms"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{us / 1_000_000:0.00} s"),
    };
}
