namespace Lattice.Grains;

/// <summary>What the grains of a node have to know of its configuration. Immutable.</summary>
public sealed record NodeInfo
{
    /// <summary>Node id.</summary>
    public required int Node { get; init; }

    /// <summary>The cluster's name.</summary>
    public required string ClusterName { get; init; }

    /// <summary>Address for other silos (host:port) of every configured node, by node id.</summary>
    public required IReadOnlyDictionary<int, string> Addresses { get; init; }

    /// <summary>Version of the binary.</summary>
    public required string Version { get; init; }

    /// <summary>The node's data directory.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>Whether acknowledged writes are synced to disk.</summary>
    public required bool SyncOnWrite { get; init; }

    /// <summary>Whether operators may inject faults (<c>[verification] allow_drills</c>).</summary>
    public bool AllowDrills { get; init; }

    /// <summary>The settings that may matter when replicas differ, by full name.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Where the node's web page is, host:port; empty: it has none.</summary>
    public string PageAddress { get; init; } = "";

    /// <summary>When the process started.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>Silo name of a node: how membership and configuration know each other.</summary>
    public static string SiloName(int node) => $"node-{node}";
}
