namespace Lattice.EndToEnd.Tests.Manual;

/// <summary>What of a unit file of systemd the tests carry out.</summary>
internal sealed class UnitFile
{
    private readonly ILookup<string, string> values;

    private UnitFile(ILookup<string, string> values) => this.values = values;

    /// <summary>Run as root before the service, if they begin with <c>+</c>.</summary>
    public IEnumerable<string> ExecStartPre => values["ExecStartPre"];

    public string ExecStart => values["ExecStart"].Single();

    public IEnumerable<string> Environment => values["Environment"];

    public bool RestartsOnFailure => values["Restart"].Single() == "on-failure";

    public IEnumerable<int> RestartPreventExitStatus => values["RestartPreventExitStatus"].SelectMany(v => v.Split(' ')).Select(v => int.Parse(v, System.Globalization.CultureInfo.InvariantCulture));

    public TimeSpan StopTimeout => TimeSpan.FromSeconds(int.Parse(values["TimeoutStopSec"].Single(), System.Globalization.CultureInfo.InvariantCulture));

    public TimeSpan Watchdog => TimeSpan.FromSeconds(int.Parse(values["WatchdogSec"].Single(), System.Globalization.CultureInfo.InvariantCulture));

    /// <summary>Reads a template for one instance.</summary>
    public static UnitFile Read(string file, string instance) => new(File.ReadLines(file)
        .Where(line => line.Contains('=', StringComparison.Ordinal) && !line.StartsWith('#'))
        .Select(line => line.Replace("%i", instance, StringComparison.Ordinal).Split('=', 2))
        .ToLookup(pair => pair[0], pair => pair[1], StringComparer.Ordinal));
}
