namespace Lattice.AppHost;

/// <summary>One node of the development cluster.</summary>
/// <param name="Id">Node id.</param>
/// <param name="SiloPort">Port for the other nodes.</param>
/// <param name="GatewayPort">Port for clients.</param>
/// <param name="MetricsPort">Port of the operator's page, of metrics and of health.</param>
internal sealed record NodeModel(int Id, int SiloPort, int GatewayPort, int MetricsPort)
{
    /// <summary>Path of the metrics endpoint that answers 200 once the node serves.</summary>
    public const string HealthPath = "/health/ready";

    /// <summary>Name of the resource.</summary>
    public string Name => $"node-{Id}";

    /// <summary>Where the other nodes find it.</summary>
    public EndpointModel Silo => new("silo", "tcp", SiloPort);

    /// <summary>Where clients connect.</summary>
    public EndpointModel Gateway => new("gateway", "tcp", GatewayPort);

    /// <summary>Where page, metrics and health are.</summary>
    public EndpointModel Metrics => new("metrics", "http", MetricsPort);

    /// <summary>All that it listens on.</summary>
    public IReadOnlyList<EndpointModel> Endpoints => [Silo, Gateway, Metrics];

    /// <summary>What an operator may want to do with it while it runs.</summary>
    public IReadOnlyList<NodeCommand> Commands =>
    [
        new("snapshot", "Write a snapshot", "A snapshot file of all groups of this node.", ["admin", "snapshot", $"{Id}"]),
        new("transfer-leadership", "Lead all groups", "This node leads all groups, until 'lattice admin balance-leaders'.", ["admin", "transfer-leadership", $"{Id}"]),
    ];
}

/// <summary>A call of <c>lattice</c> that is offered for a node.</summary>
/// <param name="Name">Its name among those of the node.</param>
/// <param name="Title">What a button says.</param>
/// <param name="Meaning">What it does.</param>
/// <param name="Arguments">Arguments of the call.</param>
internal sealed record NodeCommand(string Name, string Title, string Meaning, IReadOnlyList<string> Arguments);
