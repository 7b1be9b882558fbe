using System.Text.Json;
using System.Text.Json.Serialization;
using Orleans.Storage;

namespace Lattice.Silo.Hosting;

/// <summary>
/// How the state of grains stands in the database: as JSON that names no types, which an operator can read, in which members may be added, and which carries its version in
/// the state itself.
/// </summary>
internal sealed class GrainStateJson : IGrainStorageSerializer
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web) { Converters = { new JsonStringEnumConverter() } };

    /// <inheritdoc/>
    public BinaryData Serialize<T>(T? input) => new(JsonSerializer.SerializeToUtf8Bytes(input, Options));

    /// <inheritdoc/>
    public T Deserialize<T>(BinaryData input) => JsonSerializer.Deserialize<T>(input.ToMemory().Span, Options)
        ?? throw new JsonException($"The stored state of a grain of type {typeof(T).Name} is empty.");
}
