using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Lattice.Core.Verification;

namespace Lattice.EndToEnd.Tests.Harness;

/// <summary>
/// Keeps the reports that drills and tampering lead to, with what was really done, when <c>LATTICE_REPORTS</c> names a folder: so the corpus in
/// <c>tests/Lattice.Core.Tests/Verification/Corpus</c> is made. What tells of the machine that made it is left out.
/// </summary>
internal static class ReportCorpus
{
    // The analysis does not read the trace; a few events show what it is like.
    private const int EventsKept = 10;

    private static readonly string? Folder = Environment.GetEnvironmentVariable("LATTICE_REPORTS") is { Length: > 0 } folder ? folder : null;

    /// <summary>Keeps a report, if that is wanted.</summary>
    /// <param name="cluster">The cluster that it comes from.</param>
    /// <param name="report">The report.</param>
    /// <param name="what">What was done.</param>
    /// <param name="cause">The class that is right.</param>
    /// <param name="component">The component that is right.</param>
    public static void Keep(TestCluster cluster, DivergenceReport report, string what, DivergenceClass cause, DivergenceComponent component)
    {
        if (Folder is null)
        {
            return;
        }

        Directory.CreateDirectory(Folder);
        DivergenceReport kept = report with
        {
            Cluster = "lattice",
            Build = Alias(report.Build),
            Machine = report.Machine is { } machine ? machine with { Processor = null, Kernel = "Linux" } : null,
            Nodes = [.. report.Nodes.Select(n => n with { Build = Alias(n.Build) })],
            Trace = [.. report.Trace.TakeLast(EventsKept)],
            Analysis = null,
        };
        var entry = new JsonObject
        {
            ["what"] = what,
            ["class"] = JsonNamingPolicy.KebabCaseLower.ConvertName(cause.ToString()),
            ["component"] = JsonNamingPolicy.KebabCaseLower.ConvertName(component.ToString()),
            ["report"] = JsonNode.Parse(DivergenceReportJson.Write(kept).Replace(cluster.Root, "", StringComparison.Ordinal)),
        };
        string name = string.Concat(what.ToLowerInvariant().Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-'));
        for (int number = 1; ; number++)
        {
            string path = Path.Combine(Folder, string.Create(CultureInfo.InvariantCulture, $"{name}.{number}.json"));
            if (!File.Exists(path))
            {
                File.WriteAllText(path, entry.ToJsonString(DivergenceReportJson.Options) + "\n");
                return;
            }
        }
    }

    // Whether builds are the same matters, not which they are.
    private static string Alias(string build) => build.Length > 8 ? build[..8] : build;
}
