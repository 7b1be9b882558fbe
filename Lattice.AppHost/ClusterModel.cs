namespace Lattice.AppHost;

/// <summary>One node of the development cluster.</summary>
/// <param name="Id">Node id.</param>
/// <param name="SiloPort">Port for the other nodes.</param>
/// <param name="MetricsPort">Port of the health endpoint.</param>
internal sealed record NodeModel(int Id, int SiloPort, int MetricsPort)
{
    /// <summary>Name of the resource.</summary>
    public string Name => $"node-{Id}";
}

/// <summary>What the development cluster consists of: the one place that says so, whoever runs it.</summary>
/// <param name="Nodes">The nodes.</param>
/// <param name="Root">Folder below which configuration and data lie.</param>
internal sealed record ClusterModel(IReadOnlyList<NodeModel> Nodes, string Root)
{
    private const int FirstSiloPort = 5001;
    private const int FirstMetricsPort = 9001;

    /// <summary>A cluster of so many nodes on this machine's loopback.</summary>
    public static ClusterModel OnLoopback(int nodes, string root) =>
        new([.. Enumerable.Range(0, nodes).Select(i => new NodeModel(i + 1, FirstSiloPort + i, FirstMetricsPort + i))], root);

    /// <summary>The node's configuration file.</summary>
    public string ConfigurationOf(NodeModel node) => Path.Combine(Root, "etc", "lattice", $"node{node.Id}.toml");

    /// <summary>Environment of every process of the cluster.</summary>
    public IReadOnlyDictionary<string, string> Environment => new Dictionary<string, string>(StringComparer.Ordinal) { ["LATTICE_ROOT"] = Root };

    /// <summary>Arguments of the <c>lattice</c> call that writes the node's configuration file.</summary>
    public IReadOnlyList<string> GenerateArguments(NodeModel node) =>
        ["config", "generate", $"{node.Id}", ConfigurationOf(node), "--force", .. Nodes.SelectMany(n => (string[])["--peer", $"{n.Id}=127.0.0.1:{n.SiloPort}"])];

    /// <summary>Arguments of the <c>lattice</c> call that runs the node.</summary>
    public IReadOnlyList<string> StartArguments(NodeModel node) => ["start", $"{node.Id}", ConfigurationOf(node)];
}
