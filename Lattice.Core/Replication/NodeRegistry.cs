using System.Collections.Immutable;
using System.Text.Json;

namespace Lattice.Core.Replication;

/// <summary>
/// Nodes that an operator added, with their addresses: a record of the system group, so members take them in whatever their own configuration files
/// say. Nodes that stand in the files need not be here.
/// </summary>
public sealed record NodeRegistry
{
    /// <summary>The system group's record that holds it.</summary>
    public const string Key = "cluster/nodes";

    /// <summary>No nodes.</summary>
    public static NodeRegistry Empty { get; } = new();

    /// <summary>Format of the record.</summary>
    public int Version { get; init; } = 1;

    /// <summary>Address of each node for the others, host:port, by node id.</summary>
    public ImmutableSortedDictionary<int, string> Addresses { get; init; } = ImmutableSortedDictionary<int, string>.Empty;

    /// <summary>The record's value.</summary>
    public byte[] Encode() => JsonSerializer.SerializeToUtf8Bytes(this, CatalogJson.Default.NodeRegistry);

    /// <summary>Reads the record's value.</summary>
    /// <exception cref="CatalogFormatException">It was written by a newer version, or is damaged.</exception>
    public static NodeRegistry Decode(ReadOnlySpan<byte> value) => SystemRecord.Decode(Key, value, CatalogJson.Default.NodeRegistry, static r => r.Version);
}
