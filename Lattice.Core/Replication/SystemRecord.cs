using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Lattice.Core.Upgrade;

namespace Lattice.Core.Replication;

/// <summary>How records of the system group are written: as JSON with the version of its format.</summary>
internal static class SystemRecord
{
    /// <summary>Reads a record's value.</summary>
    /// <param name="key">Its key, for the error.</param>
    /// <param name="value">The value.</param>
    /// <param name="type">What it holds.</param>
    /// <param name="version">The version that what was read has.</param>
    /// <exception cref="CatalogFormatException">It was written by a newer version, or is damaged.</exception>
    public static T Decode<T>(string key, ReadOnlySpan<byte> value, JsonTypeInfo<T> type, Func<T, int> version)
        where T : class
    {
        T? read;
        try
        {
            read = JsonSerializer.Deserialize(value, type);
        }
        catch (JsonException e)
        {
            throw new CatalogFormatException($"The record '{key}' of the system group is damaged ({e.Message}): {Encoding.UTF8.GetString(value[..Math.Min(200, value.Length)])}. Restore this node from a backup or let it learn its state from the others.", e);
        }

        return read is not null && version(read) == 1
            ? read
            : throw new CatalogFormatException(string.Create(CultureInfo.InvariantCulture, $"The record '{key}' of the system group has format {(read is null ? 0 : version(read))}; this binary reads format 1. Start this node with the version that the rest of the cluster runs."), null);
    }
}

/// <summary>A record of the system group cannot be read.</summary>
public sealed class CatalogFormatException(string message, Exception? inner) : Exception(message, inner);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(SystemCatalog))]
[JsonSerializable(typeof(LeaderPreference))]
[JsonSerializable(typeof(NodeRegistry))]
[JsonSerializable(typeof(ClusterLevel))]
internal sealed partial class CatalogJson : JsonSerializerContext;
