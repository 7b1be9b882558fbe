using System.Text.Json.Serialization;

namespace Lattice.Bench;

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(List<RoundResult>))]
internal sealed partial class ResultJson : JsonSerializerContext;
