using System.Globalization;

namespace Lattice.AppHost;

/// <summary>What the development cluster consists of: the one place that says so, whoever runs it.</summary>
/// <param name="Root">Folder below which configuration and data lie.</param>
/// <param name="Nodes">The nodes.</param>
/// <param name="Database">PostgreSQL as the database of Orleans membership; null: the SQLite file that nodes of one host share by default.</param>
/// <param name="Service">The sample that uses the cluster.</param>
internal sealed record ClusterModel(string Root, IReadOnlyList<NodeModel> Nodes, DatabaseModel? Database, ServiceModel Service)
{
    /// <summary>Most nodes that <see cref="OnLoopback"/> has ports for.</summary>
    public const int MostNodes = 9;

    private const int FirstSiloPort = 5001;
    private const int FirstGatewayPort = 30001;
    private const int FirstMetricsPort = 9001;

    /// <summary>A cluster on this machine's loopback, at the ports that generated configuration files have.</summary>
    /// <param name="root">Folder for configuration and data.</param>
    /// <param name="nodes">How many nodes, 1 to <see cref="MostNodes"/>.</param>
    /// <param name="postgreSql">Whether membership is kept in PostgreSQL.</param>
    public static ClusterModel OnLoopback(string root, int nodes, bool postgreSql) => new(
        root,
        [.. Enumerable.Range(0, nodes).Select(i => new NodeModel(i + 1, FirstSiloPort + i, FirstGatewayPort + i, FirstMetricsPort + i))],
        postgreSql ? DatabaseModel.OnLoopback : null,
        ServiceModel.OnLoopback);

    /// <summary>Environment of every call of <c>lattice</c>, as a node or as a tool.</summary>
    public IReadOnlyDictionary<string, string> Environment => new Dictionary<string, string>(StringComparer.Ordinal) { ["LATTICE_ROOT"] = Root };

    /// <summary>The node's configuration file.</summary>
    public string ConfigurationOf(NodeModel node) => Path.Combine(Root, "etc", "lattice", string.Create(CultureInfo.InvariantCulture, $"node{node.Id}.toml"));

    /// <summary>Arguments of the <c>lattice</c> call that writes the node's configuration file.</summary>
    public IReadOnlyList<string> GenerateArguments(NodeModel node) =>
    [
        "config", "generate", $"{node.Id}", ConfigurationOf(node), "--force",
        .. Nodes.SelectMany(n => (string[])["--peer", $"{n.Id}={n.Silo.Address}"]),
        .. Database is null ? (string[])[] : ["--membership", $"postgresql={Database.Connection}"],
    ];

    /// <summary>Arguments of the <c>lattice</c> call that runs the node.</summary>
    public IReadOnlyList<string> StartArguments(NodeModel node) => ["start", $"{node.Id}", ConfigurationOf(node)];
}
