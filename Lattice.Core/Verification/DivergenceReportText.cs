using System.Globalization;
using System.Text;

namespace Lattice.Core.Verification;

/// <summary>The report as plain lines: what a node logs after <c>STATE DIVERGENCE DETECTED</c>, and what <c>lattice admin analyze</c> prints. At most 40 lines.</summary>
public static class DivergenceReportText
{
    private const int MostKeys = 3;
    private const int MostEvidence = 4;
    private const int MostKeyLength = 80;

    /// <summary>Writes the report.</summary>
    public static string Format(DivergenceReport report)
    {
        var text = new StringBuilder();
        AppendWhat(text, report);
        ReportedAnalysis analysis = report.Analysis ?? new ReportedAnalysis { Rules = RuleBasedAnalyzer.Analyze(report) };
        AppendAnalysis(text, "Analysis by rules", analysis.Rules, MostEvidence);
        text.Append(FormatModelAnalysis(analysis));
        Line(text, $"Next steps:");
        for (int i = 0; i < analysis.Rules.NextSteps.Count; i++)
        {
            Line(text, $"  {i + 1}. {analysis.Rules.NextSteps[i]}");
        }

        return text.ToString();
    }

    /// <summary>The part that a language model added, or why there is none; empty when none was asked.</summary>
    public static string FormatModelAnalysis(ReportedAnalysis analysis)
    {
        var text = new StringBuilder();
        if (analysis.Model is { } model)
        {
            AppendAnalysis(text, $"Analysis by {analysis.ModelName}", model, mostEvidence: 1);
        }
        else if (analysis.ModelAbsence is { } absence)
        {
            Line(text, $"No analysis by a language model: {absence}");
        }

        return text.ToString();
    }

    private static void AppendWhat(StringBuilder text, DivergenceReport report)
    {
        Line(text, $"Incident {report.Id} at {report.When.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z on node {report.Node} of cluster {report.Cluster}, version {report.Version}");
        if (report.Group is { } group)
        {
            Line(text, $"Group {group}, entry {report.Index}, term {report.Term}, {Word(report.Role)}; the state that is kept goes up to entry {report.AppliedIndex}");
        }
        else
        {
            Line(text, $"Concerns the node as a whole, no group");
        }

        Line(text, $"Found by {Word(report.Detection.Kind)} during {Word(report.Detection.Phase)}, {Verdict(report)}: {report.Detection.Message}");
        foreach (ReportedDifference key in report.Keys.Take(MostKeys))
        {
            Line(text, $"  {Cut(key.Key)}: {Difference(key)}");
        }

        if (report.Keys.Count > MostKeys)
        {
            Line(text, $"  and {Count(report.Keys.Count - MostKeys, "more key")}");
        }

        foreach (string fact in report.Detection.Facts.Take(2))
        {
            Line(text, $"  {fact}");
        }
    }

    private static void AppendAnalysis(StringBuilder text, string title, DivergenceAnalysis analysis, int mostEvidence)
    {
        Line(text, $"{title}: {Word(analysis.Class)} in {Word(analysis.Component)}, confidence {analysis.Confidence:0.00}");
        Line(text, $"  Root cause: {analysis.RootCause}");
        if (analysis.Candidates.FirstOrDefault(c => c.Class == analysis.Class) is { } cause)
        {
            AppendEvidence(text, "For", cause.EvidenceFor, mostEvidence);
            AppendEvidence(text, "Against", cause.EvidenceAgainst, mostEvidence);
        }

        if (analysis.Candidates.FirstOrDefault(c => c.Class != analysis.Class && c.Score >= 0.05) is { } second)
        {
            Line(text, $"  Next likeliest: {Word(second.Class)} ({second.Score:0.00})");
        }

        Line(text, $"  Suggested fix: {analysis.SuggestedFix}");
    }

    private static void AppendEvidence(StringBuilder text, string side, IReadOnlyList<string> evidence, int most)
    {
        foreach (string sentence in evidence.Take(most))
        {
            Line(text, $"  {side}: {sentence}");
        }
    }

    private static string Verdict(DivergenceReport report) => report.Verdict switch
    {
        DivergenceVerdict.SelfEvident => "the replica contradicts itself",
        DivergenceVerdict.Minority => "the majority disagrees with it",
        _ => "no majority agrees",
    };

    private static string Difference(ReportedDifference key)
    {
        if (!key.IsExpectedKnown)
        {
            return "what it has to be is not known";
        }

        return key switch
        {
            { Own: null, Expected: not null } => string.Create(CultureInfo.InvariantCulture, $"missing here, revision {key.Expected.Revision} elsewhere"),
            { Own: not null, Expected: null } => string.Create(CultureInfo.InvariantCulture, $"revision {key.Own.Revision} here, must not be there"),
            _ => string.Create(CultureInfo.InvariantCulture, $"{string.Join(", ", key.Fields.Select(Word))} differ{(key.Fields.Count == 1 ? "s" : "")}: {Count(key.DifferentBits + key.DifferentChecksumBits, "bit")}, {Count(key.DifferentBytes, "byte")} of the value{First(key.Offsets)}"),
        };
    }

    private static string Count(long count, string unit) => string.Create(CultureInfo.InvariantCulture, $"{count} {unit}{(count == 1 ? "" : "s")}");

    private static string First(IReadOnlyList<int> offsets) => offsets.Count == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $", the first at offset {offsets[0]}");

    private static string Cut(string key) => key.Length <= MostKeyLength ? key : key[..MostKeyLength] + "…";

    /// <summary>A word of an enumeration as the report writes it.</summary>
    internal static string Word<T>(T value)
        where T : struct, Enum => System.Text.Json.JsonNamingPolicy.KebabCaseLower.ConvertName(value.ToString());

    private static void Line(StringBuilder text, FormattableString line) =>
        // A line each, whatever a key, a message or a language model says.
        text.Append(FormattableString.Invariant(line).ReplaceLineEndings(" ")).Append('\n');
}
