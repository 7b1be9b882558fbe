using System.Text.Json;
using System.Text.Json.Nodes;
using Lattice.Core.Verification;
using Xunit;
using Xunit.Abstractions;

namespace Lattice.Core.Tests.Verification;

/// <summary>
/// Reports that real nodes wrote when they were drilled and tampered with (<c>Corpus/</c>; CONTRIBUTING.md says how to make them anew), with what was really done to them. The analyser has to name the cause.
/// </summary>
public sealed class ReportCorpusTests(ITestOutputHelper output)
{
    private const int FewestReports = 30;
    private const double LeastShareRight = 28.0 / 30;

    private static readonly JsonSchemaValidator Schema = new(JsonNode.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "divergence-report.schema.json")))!.AsObject());

    private static readonly IReadOnlyList<Case> Cases = [.. Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "Corpus"), "*.json").Order(StringComparer.Ordinal).Select(Read)];

    private sealed record Case(string File, string What, DivergenceClass Class, DivergenceComponent Component, DivergenceReport Report);

    [Fact]
    public void There_are_enough_reports_of_drills_and_of_tampering()
    {
        Assert.InRange(Cases.Count, FewestReports, int.MaxValue);
        Assert.Equal(
            [DivergenceClass.MemoryCorruption, DivergenceClass.DiskCorruption, DivergenceClass.CacheIncoherence, DivergenceClass.NondeterministicCommand, DivergenceClass.ProtocolViolation],
            Cases.Select(c => c.Class).Distinct().Order());
    }

    [Fact]
    public void The_analyser_names_the_cause_in_at_least_28_of_30_and_the_documented_table_is_what_it_answers()
    {
        var table = new ConfusionTable();
        foreach (Case known in Cases)
        {
            DivergenceAnalysis answer = RuleBasedAnalyzer.Analyze(known.Report);
            table.Add(known.Class, answer.Class);
            if (answer.Class != known.Class || answer.Component != known.Component)
            {
                output.WriteLine($"{known.File}: {known.What}: is {known.Class} in {known.Component}, answered {answer.Class} in {answer.Component} with {answer.Confidence}");
            }
        }

        output.WriteLine(table.ToString());
        Assert.InRange((double)table.Right / table.Total, LeastShareRight, 1);
        Assert.Contains(table.ToString(), File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "verification.md")), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_report_follows_the_schema_and_holds_no_values()
    {
        Assert.All(Cases, known =>
        {
            Assert.Empty(Schema.Validate(JsonNode.Parse(DivergenceReportJson.Write(known.Report))));
            Assert.All(known.Report.Keys, key => Assert.True(key.Own?.Value is null && key.Expected?.Value is null, known.File));
        });
    }

    private static T Word<T>(string word)
        where T : struct, Enum => Enum.GetValues<T>().Single(value => DivergenceReportText.Word(value) == word);

    private static Case Read(string path)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(path));
        JsonElement root = document.RootElement;
        return new Case(
            Path.GetFileName(path),
            root.GetProperty("what").GetString()!,
            Word<DivergenceClass>(root.GetProperty("class").GetString()!),
            Word<DivergenceComponent>(root.GetProperty("component").GetString()!),
            DivergenceReportJson.Read<DivergenceReport>(root.GetProperty("report").GetRawText()));
    }
}
