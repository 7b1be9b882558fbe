using System.Text.RegularExpressions;
using Lattice.EndToEnd.Tests.Harness;

namespace Lattice.EndToEnd.Tests.Telemetry;

/// <summary>What <c>docs/metrics.md</c> says that there is.</summary>
internal static partial class MetricsDocument
{
    /// <summary>The kind of each metric, by its name.</summary>
    public static Dictionary<string, string> Kinds() =>
        Row().Matches(File.ReadAllText(Path.Combine(Repository.Root, "docs/metrics.md"))).ToDictionary(m => m.Groups["name"].Value, m => m.Groups["kind"].Value, StringComparer.Ordinal);

    [GeneratedRegex(@"^\| `(?<name>lattice_\w+)` \| (?<kind>\w+) \| [^|]+ \| [^|]* \| [^|]+ \|\r?$", RegexOptions.Multiline, 1000)]
    private static partial Regex Row();
}
