using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Lattice.Core.Verification;
using Xunit;

namespace Lattice.Core.Tests.Verification;

public sealed class DivergenceReportSchemaTests
{
    private static readonly JsonObject Schema = JsonNode.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "divergence-report.schema.json")))!.AsObject();

    private readonly JsonSchemaValidator validator = new(Schema);

    [Fact]
    public void A_report_in_which_everything_is_said_follows_the_schema() => AssertValid(Reports.Complete());

    [Theory]
    [MemberData(nameof(AnalysisCorpus.Names), MemberType = typeof(AnalysisCorpus))]
    public void Every_report_of_the_corpus_follows_the_schema(string name)
    {
        DivergenceReport report = AnalysisCorpus.Cases.Single(c => c.Name == name).Report;
        AssertValid(report);
        AssertValid(report with { Analysis = new ReportedAnalysis { Rules = RuleBasedAnalyzer.Analyze(report) } });
    }

    [Fact]
    public void The_schema_and_the_report_have_the_same_properties_at_every_level() => AssertSame(typeof(DivergenceReport), Schema, "$");

    [Theory]
    [InlineData("$.schemaVersion", "3")]
    [InlineData("$.node", "-1")]
    [InlineData("$.node", "\"two\"")]
    [InlineData("$.role", "\"king\"")]
    [InlineData("$.digests[0].digest", "\"xyz\"")]
    [InlineData("$.checks.readRepeatedAgrees", "1")]
    [InlineData("$.analysis.rules.confidence", "1.5")]
    [InlineData("$.analysis.rules.class", "\"cosmic-ray\"")]
    [InlineData("$.analysis.rules.rootCause", "\"\"")]
    [InlineData("$.keys[0].own.value", "7")]
    public void A_document_that_says_something_else_does_not_follow_the_schema(string place, string value)
    {
        JsonNode document = JsonNode.Parse(DivergenceReportJson.Write(Reports.Complete()))!;
        JsonNode at = document;
        foreach (string step in place[2..].Split('.'))
        {
            string[] parts = step.TrimEnd(']').Split('[');
            at = at[parts[0]]!;
            at = parts.Length > 1 ? at[int.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture)]! : at;
        }

        at.ReplaceWith(JsonNode.Parse(value));
        Assert.NotEmpty(validator.Validate(document));
    }

    [Fact]
    public void Neither_may_a_property_be_missing_nor_an_unknown_one_be_there()
    {
        JsonNode document = JsonNode.Parse(DivergenceReportJson.Write(Reports.Complete()))!;
        document.AsObject().Remove("checks");
        Assert.NotEmpty(validator.Validate(document));
        document["checks"] = JsonNode.Parse(DivergenceReportJson.Write(new DivergenceChecks()));
        Assert.Empty(validator.Validate(document));
        document["mood"] = "bad";
        Assert.NotEmpty(validator.Validate(document));
    }

    [Fact]
    public void A_report_reads_back_as_it_was_written()
    {
        string json = DivergenceReportJson.Write(Reports.Complete());
        Assert.Equal(json, DivergenceReportJson.Write(DivergenceReportJson.Read<DivergenceReport>(json)));
    }

    private void AssertValid(DivergenceReport report) => Assert.Empty(validator.Validate(JsonNode.Parse(DivergenceReportJson.Write(report))));

    private void AssertSame(Type type, JsonObject part, string place)
    {
        part = validator.Resolve(part["anyOf"]?[0]?.AsObject() ?? part);
        JsonTypeInfo info = DivergenceReportJson.Options.GetTypeInfo(type);
        if (type.IsEnum)
        {
            Assert.Equal(type.GetEnumNames().Select(JsonNamingPolicy.KebabCaseLower.ConvertName).Order(StringComparer.Ordinal), part["enum"]!.AsArray().Select(v => v!.GetValue<string>()).Order(StringComparer.Ordinal));
        }
        else if (info.Kind == JsonTypeInfoKind.Enumerable)
        {
            AssertSame(info.ElementType!, part["items"]!.AsObject(), place + "[]");
        }
        else if (info.Kind == JsonTypeInfoKind.Object)
        {
            string[] names = [.. info.Properties.Select(p => p.Name).Order(StringComparer.Ordinal)];
            JsonObject properties = part["properties"]!.AsObject();
            Assert.Equal(names, properties.Select(p => p.Key).Order(StringComparer.Ordinal));
            Assert.Equal(names, part["required"]!.AsArray().Select(p => p!.GetValue<string>()).Order(StringComparer.Ordinal));
            foreach (JsonPropertyInfo property in info.Properties)
            {
                AssertSame(Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType, properties[property.Name]!.AsObject(), $"{place}.{property.Name}");
            }
        }
    }
}
