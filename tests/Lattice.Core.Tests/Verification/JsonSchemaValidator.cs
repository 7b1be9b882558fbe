using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Lattice.Core.Tests.Verification;

/// <summary>Holds documents against a JSON Schema (2020-12), for the keywords that the schemas of this repository use; any other is an error.</summary>
internal sealed class JsonSchemaValidator(JsonObject schema)
{
    private static readonly HashSet<string> Annotations = ["$schema", "$id", "$defs", "title", "description", "format", "contentEncoding"];

    /// <summary>What is wrong with a document, each with the place.</summary>
    public IReadOnlyList<string> Validate(JsonNode? document)
    {
        var mistakes = new List<string>();
        Check(document, schema, "$", mistakes);
        return mistakes;
    }

    /// <summary>The definition that a schema refers to, or the schema itself.</summary>
    public JsonObject Resolve(JsonObject part) => part["$ref"] is { } reference
        ? schema["$defs"]![reference.GetValue<string>()["#/$defs/".Length..]]!.AsObject()
        : part;

    private void Check(JsonNode? node, JsonObject rules, string place, List<string> mistakes)
    {
        foreach ((string keyword, JsonNode? rule) in rules)
        {
            if (Annotations.Contains(keyword))
            {
                continue;
            }

            bool holds = keyword switch
            {
                "$ref" => CheckAll(node, Resolve(rules), place, mistakes),
                "type" => Types(rule!).Any(t => IsOfType(node, t)),
                "const" => JsonNode.DeepEquals(node, rule),
                "enum" => rule!.AsArray().Any(v => JsonNode.DeepEquals(v, node)),
                "anyOf" => rule!.AsArray().Any(r => IsValid(node, r!.AsObject())) || Explain(node, rule.AsArray(), place, mistakes),
                "minimum" => node is not JsonValue || Number(node) is not { } n || n >= Number(rule!),
                "maximum" => node is not JsonValue || Number(node) is not { } n || n <= Number(rule!),
                "minLength" => Text(node) is not { } s || s.Length >= rule!.GetValue<int>(),
                "pattern" => Text(node) is not { } s || Regex.IsMatch(s, rule!.GetValue<string>(), RegexOptions.None, TimeSpan.FromSeconds(1)),
                "items" => CheckItems(node, rule!.AsObject(), place, mistakes),
                "properties" => CheckProperties(node, rule!.AsObject(), place, mistakes),
                "required" => rule!.AsArray().All(name => node is not JsonObject o || o.ContainsKey(name!.GetValue<string>())),
                "additionalProperties" => CheckAdditional(node, rule!, rules["properties"]?.AsObject(), place, mistakes),
                _ => throw new NotSupportedException($"The schema uses '{keyword}', which this validator does not know."),
            };
            if (!holds)
            {
                mistakes.Add($"{place}: {keyword} {rule?.ToJsonString()} does not hold for {node?.ToJsonString() ?? "null"}");
            }
        }
    }

    private bool IsValid(JsonNode? node, JsonObject rules)
    {
        var mistakes = new List<string>();
        Check(node, rules, "$", mistakes);
        return mistakes.Count == 0;
    }

    // What is wrong with the alternative that was meant says more than that none holds.
    private bool Explain(JsonNode? node, JsonArray alternatives, string place, List<string> mistakes)
    {
        Check(node, alternatives[0]!.AsObject(), place, mistakes);
        return false;
    }

    private bool CheckAll(JsonNode? node, JsonObject rules, string place, List<string> mistakes)
    {
        Check(node, rules, place, mistakes);
        return true;
    }

    private bool CheckItems(JsonNode? node, JsonObject rules, string place, List<string> mistakes)
    {
        for (int i = 0; node is JsonArray array && i < array.Count; i++)
        {
            Check(array[i], rules, string.Create(CultureInfo.InvariantCulture, $"{place}[{i}]"), mistakes);
        }

        return true;
    }

    private bool CheckProperties(JsonNode? node, JsonObject properties, string place, List<string> mistakes)
    {
        foreach ((string name, JsonNode? rules) in properties)
        {
            if (node is JsonObject o && o.TryGetPropertyValue(name, out JsonNode? value))
            {
                Check(value, rules!.AsObject(), $"{place}.{name}", mistakes);
            }
        }

        return true;
    }

    private bool CheckAdditional(JsonNode? node, JsonNode rule, JsonObject? properties, string place, List<string> mistakes)
    {
        foreach ((string name, JsonNode? value) in node as JsonObject ?? [])
        {
            if (properties?.ContainsKey(name) == true)
            {
                continue;
            }

            if (rule is not JsonObject rules)
            {
                return false;
            }

            Check(value, rules, $"{place}.{name}", mistakes);
        }

        return true;
    }

    private static IEnumerable<string> Types(JsonNode rule) => rule is JsonArray several ? several.Select(t => t!.GetValue<string>()) : [rule.GetValue<string>()];

    private static bool IsOfType(JsonNode? node, string type) => type switch
    {
        "null" => node is null,
        "object" => node is JsonObject,
        "array" => node is JsonArray,
        "string" => Text(node) is not null,
        "boolean" => node?.GetValueKind() is System.Text.Json.JsonValueKind.True or System.Text.Json.JsonValueKind.False,
        "number" => Number(node) is not null,
        "integer" => Number(node) is { } n && n == decimal.Truncate(n),
        _ => throw new NotSupportedException($"The schema uses the type '{type}', which this validator does not know."),
    };

    private static string? Text(JsonNode? node) => node?.GetValueKind() == System.Text.Json.JsonValueKind.String ? node.GetValue<string>() : null;

    private static decimal? Number(JsonNode? node) => node?.GetValueKind() == System.Text.Json.JsonValueKind.Number ? decimal.Parse(node.ToJsonString(), NumberStyles.Float, CultureInfo.InvariantCulture) : null;
}
