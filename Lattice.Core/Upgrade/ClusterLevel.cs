using System.Text.Json;
using Lattice.Core.Replication;

namespace Lattice.Core.Upgrade;

/// <summary>
/// The cluster's feature level: a record of the system group, which its leader writes (<see cref="LevelKeeper"/>). It is never lowered.
/// </summary>
public sealed record ClusterLevel
{
    /// <summary>The system group's record that holds it.</summary>
    public const string Key = "cluster/level";

    /// <summary>Nobody has said yet.</summary>
    public static ClusterLevel Unset { get; } = new();

    /// <summary>Format of the record.</summary>
    public int Version { get; init; } = 1;

    /// <summary>The level; 0: nobody has said yet, so it is the first.</summary>
    public int Level { get; init; }

    /// <summary>A higher level that all members can work at; 0: there is none.</summary>
    public int Next { get; init; }

    /// <summary>Since when they all can, in milliseconds since 1970.</summary>
    public long NextSinceMs { get; init; }

    /// <summary>The record's value.</summary>
    public byte[] Encode() => JsonSerializer.SerializeToUtf8Bytes(this, CatalogJson.Default.ClusterLevel);

    /// <summary>Reads the record's value.</summary>
    /// <exception cref="CatalogFormatException">It was written by a newer version, or is damaged.</exception>
    public static ClusterLevel Decode(ReadOnlySpan<byte> value) => SystemRecord.Decode(Key, value, CatalogJson.Default.ClusterLevel, static l => l.Version);
}
