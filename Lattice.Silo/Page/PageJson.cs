using System.Text.Json.Serialization;

namespace Lattice.Silo.Page;

/// <summary>Serializers generated at build time. The default escaping stays: it also escapes what means something in HTML.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(PageReport))]
internal sealed partial class PageJson : JsonSerializerContext;
