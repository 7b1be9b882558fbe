using System.Text.Json;

namespace Lattice.Core.Replication;

/// <summary>
/// Which node an operator wants to lead all groups: a record of the system group, so it holds wherever and however often nodes are restarted. While
/// there is none, the leaders are spread over the nodes.
/// </summary>
public sealed record LeaderPreference
{
    /// <summary>The system group's record that holds it.</summary>
    public const string Key = "cluster/leaders";

    /// <summary>Nobody in particular.</summary>
    public static LeaderPreference None { get; } = new();

    /// <summary>Format of the record.</summary>
    public int Version { get; init; } = 1;

    /// <summary>The node; 0: none.</summary>
    public int Node { get; init; }

    /// <summary>The record's value.</summary>
    public byte[] Encode() => JsonSerializer.SerializeToUtf8Bytes(this, CatalogJson.Default.LeaderPreference);

    /// <summary>Reads the record's value.</summary>
    /// <exception cref="CatalogFormatException">It was written by a newer version, or is damaged.</exception>
    public static LeaderPreference Decode(ReadOnlySpan<byte> value) => SystemRecord.Decode(Key, value, CatalogJson.Default.LeaderPreference, static p => p.Version);
}
