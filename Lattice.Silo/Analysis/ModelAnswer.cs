using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Lattice.Core.Verification;

namespace Lattice.Silo.Analysis;

/// <summary>
/// What a language model has to answer, and whether it did. Its answer is an analysis as the report's schema defines it, without the next steps: those are the manual's, whatever
/// a model says.
/// </summary>
internal static class ModelAnswer
{
    private const int LongestSentence = 2000;
    private const int MostSentences = 20;

    /// <summary>Name of <see cref="Schema"/> where a protocol wants one.</summary>
    public const string SchemaName = "divergence_analysis";

    /// <summary>The schema of an answer, with no more than what all providers understand.</summary>
    public static JsonElement Schema { get; } = JsonSerializer.SerializeToElement(Entity(
        ("rootCause", Text()),
        ("class", Words<DivergenceClass>()),
        ("component", Words<DivergenceComponent>()),
        ("confidence", Number()),
        ("candidates", List(Entity(("class", Words<DivergenceClass>()), ("score", Number()), ("evidenceFor", List(Text())), ("evidenceAgainst", List(Text()))))),
        ("suggestedFix", Text())));

    /// <summary>Reads an answer.</summary>
    /// <param name="text">What the model said.</param>
    /// <param name="nextSteps">The manual's steps.</param>
    /// <exception cref="ModelUnavailableException">It is not an analysis.</exception>
    public static DivergenceAnalysis Read(string text, IReadOnlyList<string> nextSteps)
    {
        DivergenceAnalysis analysis = Parse(text, nextSteps);
        if (!(analysis.Confidence is >= 0 and <= 1) || analysis.Candidates.Any(c => !(c.Score is >= 0 and <= 1)))
        {
            throw Unusable("a confidence or a score is not between 0 and 1");
        }

        List<string> sentences = [analysis.RootCause, analysis.SuggestedFix, .. analysis.Candidates.SelectMany(c => c.EvidenceFor.Concat(c.EvidenceAgainst))];
        if (sentences.Any(string.IsNullOrWhiteSpace))
        {
            throw Unusable("a sentence is empty");
        }

        if (sentences.Any(s => s.Length > LongestSentence) || analysis.Candidates.Count > MostSentences || analysis.Candidates.Any(c => Math.Max(c.EvidenceFor.Count, c.EvidenceAgainst.Count) > MostSentences))
        {
            throw Unusable(string.Create(CultureInfo.InvariantCulture, $"it has more than {MostSentences} candidates or sentences for one, or a sentence of more than {LongestSentence} characters"));
        }

        return analysis with
        {
            RootCause = Printable(analysis.RootCause),
            SuggestedFix = Printable(analysis.SuggestedFix),
            Candidates = [.. analysis.Candidates
                .OrderByDescending(c => c.Score)
                .Select(c => c with { EvidenceFor = [.. c.EvidenceFor.Select(Printable)], EvidenceAgainst = [.. c.EvidenceAgainst.Select(Printable)] })],
        };
    }

    private static DivergenceAnalysis Parse(string text, IReadOnlyList<string> nextSteps)
    {
        // Models that do not know structured output put their JSON between fences or sentences.
        int start = text.IndexOf('{', StringComparison.Ordinal);
        int end = text.LastIndexOf('}');
        if (start < 0 || end < start)
        {
            throw Unusable("it is not JSON");
        }

        try
        {
            if (JsonNode.Parse(text[start..(end + 1)]) is not JsonObject answer)
            {
                throw Unusable("it is not JSON");
            }

            answer["nextSteps"] = new JsonArray([.. nextSteps.Select(step => (JsonNode)step)]);
            return DivergenceReportJson.Read<DivergenceAnalysis>(answer.ToJsonString());
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            throw Unusable("it does not follow the schema that it was given", e);
        }
    }

    private static ModelUnavailableException Unusable(string why, Exception? inner = null) => new($"The model's answer cannot be used: {why}.", inner);

    // What it says ends up on terminals and in logs.
    private static string Printable(string sentence)
    {
        var text = new StringBuilder(sentence.Length);
        foreach (char c in sentence.Trim())
        {
            text.Append(char.IsControl(c) || char.GetUnicodeCategory(c) is UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator ? ' ' : c);
        }

        return text.ToString();
    }

    private static JsonObject Entity(params (string Name, JsonObject Schema)[] properties)
    {
        var members = new JsonObject();
        var names = new JsonArray();
        foreach ((string name, JsonObject schema) in properties)
        {
            members[name] = schema;
            names.Add((JsonNode)name);
        }

        return new JsonObject { ["type"] = "object", ["properties"] = members, ["required"] = names, ["additionalProperties"] = false };
    }

    private static JsonObject List(JsonObject items) => new() { ["type"] = "array", ["items"] = items };

    private static JsonObject Text() => new() { ["type"] = "string" };

    private static JsonObject Number() => new() { ["type"] = "number" };

    private static JsonObject Words<T>()
        where T : struct, Enum =>
        new() { ["type"] = "string", ["enum"] = new JsonArray([.. Enum.GetNames<T>().Select(name => (JsonNode)JsonNamingPolicy.KebabCaseLower.ConvertName(name))]) };
}
