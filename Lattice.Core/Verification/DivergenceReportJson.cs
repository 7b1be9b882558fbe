using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Lattice.Core.Consensus;

namespace Lattice.Core.Verification;

/// <summary>
/// The report as JSON. Every property is always written, <c>null</c> where nothing is known, and has to be there when a report is read: a document that
/// lacks one is not of this version of the schema.
/// </summary>
public static class DivergenceReportJson
{
    /// <summary>How reports, and the answers of language models, are read and written.</summary>
    public static JsonSerializerOptions Options { get; } = CreateOptions();

    /// <summary>Writes a report or a part of one, indented.</summary>
    public static string Write<T>(T part) => JsonSerializer.Serialize(part, TypeInfo<T>());

    /// <summary>Reads a report or a part of one.</summary>
    /// <exception cref="JsonException">The text is not JSON, or not this part of a report.</exception>
    public static T Read<T>(string json) => JsonSerializer.Deserialize(json, TypeInfo<T>()) ?? throw new JsonException("The document is null.");

    private static JsonTypeInfo<T> TypeInfo<T>() => (JsonTypeInfo<T>)Options.GetTypeInfo(typeof(T));

    private static JsonSerializerOptions CreateOptions()
    {
        var options = new JsonSerializerOptions
        {
            PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
            RespectNullableAnnotations = true,
            WriteIndented = true,
            NewLine = "\n",
            // The report is read on a terminal, not in a web page.
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            TypeInfoResolver = DivergenceReportContext.Default.WithAddedModifier(RequireAll),
            Converters =
            {
                new WordConverter<RaftRole>(),
                new WordConverter<DivergenceKind>(),
                new WordConverter<DivergencePhase>(),
                new WordConverter<DivergenceVerdict>(),
                new WordConverter<DivergenceClass>(),
                new WordConverter<DivergenceComponent>(),
                new WordConverter<RecordField>(),
            },
        };
        options.MakeReadOnly();
        return options;
    }

    private static void RequireAll(JsonTypeInfo type)
    {
        foreach (JsonPropertyInfo property in type.Kind == JsonTypeInfoKind.Object ? type.Properties : [])
        {
            property.IsRequired = true;
        }
    }

    private sealed class WordConverter<T>() : JsonStringEnumConverter<T>(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false)
        where T : struct, Enum;
}

/// <summary>Serializers generated at build time.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(DivergenceReport))]
internal sealed partial class DivergenceReportContext : JsonSerializerContext;
