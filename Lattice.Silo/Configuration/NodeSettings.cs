namespace Lattice.Silo.Configuration;

/// <summary>Everything that a node's configuration file says, defaults filled in. Immutable.</summary>
public sealed record NodeSettings
{
    /// <summary>Node id.</summary>
    public required int Node { get; init; }

    /// <summary>The file that it was read from.</summary>
    public required string File { get; init; }

    /// <summary><c>[cluster]</c></summary>
    public required ClusterSettings Cluster { get; init; }

    /// <summary><c>[membership]</c></summary>
    public required MembershipSettings Membership { get; init; }

    /// <summary><c>[performance]</c></summary>
    public required PerformanceSettings Performance { get; init; }

    /// <summary><c>[consensus]</c></summary>
    public required ConsensusSettings Consensus { get; init; }

    /// <summary><c>[storage]</c></summary>
    public required StorageSettings Storage { get; init; }

    /// <summary><c>[verification]</c></summary>
    public required VerificationSettings Verification { get; init; }

    /// <summary><c>[limits]</c></summary>
    public required LimitSettings Limits { get; init; }

    /// <summary><c>[network] tcp_nodelay</c></summary>
    public required bool TcpNoDelay { get; init; }

    /// <summary><c>[ai]</c></summary>
    public required AiSettings Ai { get; init; }

    /// <summary><c>[security]</c></summary>
    public required SecuritySettings Security { get; init; }

    /// <summary><c>[telemetry]</c></summary>
    public required TelemetrySettings Telemetry { get; init; }

    /// <summary><c>[metrics] address</c>, host:port of the operator's page, of metrics and of health.</summary>
    public required string MetricsAddress { get; init; }

    /// <summary><c>[telemetry] orleans_dashboard</c></summary>
    public required bool OrleansDashboard { get; init; }

    /// <summary>This node among the peers.</summary>
    public PeerSettings Self => Cluster.Peers.Single(p => p.Id == Node);
}

/// <summary><c>[cluster]</c></summary>
/// <param name="Name">Name of the cluster; all its nodes have the same.</param>
/// <param name="Shards">Data groups of a new cluster.</param>
/// <param name="Peers">All nodes, this one included, in order of id.</param>
public sealed record ClusterSettings(string Name, int Shards, IReadOnlyList<PeerSettings> Peers)
{
    /// <summary>How long all nodes have to have run a newer version before there is no way back to the older one; zero: until an operator says so.</summary>
    public TimeSpan FinalizeUpgradeAfter { get; init; } = TimeSpan.FromDays(1);
}

/// <summary>One of <c>[[cluster.peers]]</c>.</summary>
/// <param name="Id">Node id, 1 to 999.</param>
/// <param name="Address">host:port for other nodes.</param>
/// <param name="Gateway">host:port for clients.</param>
public sealed record PeerSettings(int Id, string Address, string Gateway)
{
    private const int GatewayDistance = 25_000;

    /// <summary>A peer whose gateway has the default port: that of the address and 25,000, or less 25,000 where that would be too high.</summary>
    public static PeerSettings WithDefaultGateway(int id, string address)
    {
        (string host, int port) = HostPort.Parse(address);
        return new PeerSettings(id, address, HostPort.Format(host, port + GatewayDistance <= HostPort.MaxPort ? port + GatewayDistance : port - GatewayDistance));
    }
}

/// <summary>Where Orleans keeps its membership table.</summary>
public enum MembershipProvider
{
    /// <summary>A file that the nodes of one host share.</summary>
    Sqlite,

    /// <summary>A PostgreSQL database.</summary>
    PostgreSql,
}

/// <summary><c>[membership]</c></summary>
/// <param name="Provider">Which database.</param>
/// <param name="Connection">ADO.NET connection string.</param>
public sealed record MembershipSettings(MembershipProvider Provider, string Connection);

/// <summary><c>[performance]</c></summary>
/// <param name="BatchSize">Most write batches in one log entry.</param>
/// <param name="BatchTimeout">Longest wait of a write for company.</param>
/// <param name="WorkerThreads">Threads that run the groups.</param>
/// <param name="CacheSize">Records in the cache.</param>
public sealed record PerformanceSettings(int BatchSize, TimeSpan BatchTimeout, int WorkerThreads, int CacheSize);

/// <summary><c>[consensus]</c></summary>
/// <param name="MaxEntriesPerAppend">Most entries in one append to a follower.</param>
/// <param name="Heartbeat">Interval of heartbeats.</param>
/// <param name="ElectionTimeout">Shortest time without a leader before a follower campaigns.</param>
/// <param name="LeaseReads">Whether leaders answer reads from their lease.</param>
public sealed record ConsensusSettings(int MaxEntriesPerAppend, TimeSpan Heartbeat, TimeSpan ElectionTimeout, bool LeaseReads);

/// <summary><c>[storage]</c></summary>
/// <param name="DataDirectory">Folder of the node's data.</param>
/// <param name="SyncOnWrite">Whether acknowledged means synced on a majority.</param>
/// <param name="MaxSegmentBytes">Size of a log segment.</param>
/// <param name="SnapshotInterval">Entries of a group between checkpoints.</param>
/// <param name="KeepSnapshots">Snapshot files to keep.</param>
/// <param name="ReserveBytes">Bytes that have to be free for writes to be taken.</param>
public sealed record StorageSettings(string DataDirectory, bool SyncOnWrite, long MaxSegmentBytes, int SnapshotInterval, int KeepSnapshots, long ReserveBytes);

/// <summary><c>[verification]</c></summary>
/// <param name="Enabled">Whether writes are checked against the reference model and the other replicas.</param>
/// <param name="CheckStateAtBoot">Whether the whole state is checked before the node serves.</param>
/// <param name="ScrubBytesPerSecond">Bytes a second that are read in the background to check them; 0: none.</param>
/// <param name="AllowDrills">Whether operators may inject faults.</param>
/// <param name="RedactValues">Whether values are left out of reports.</param>
/// <param name="KeepDivergenceBytes">Bytes of a diverged node's log, snapshots and state that are kept when it is cleared.</param>
public sealed record VerificationSettings(bool Enabled, bool CheckStateAtBoot, long ScrubBytesPerSecond, bool AllowDrills, bool RedactValues, long KeepDivergenceBytes);

/// <summary><c>[limits]</c></summary>
/// <param name="MaxKeyBytes">Longest key.</param>
/// <param name="MaxValueBytes">Longest value.</param>
/// <param name="MaxTransactionOperations">Most operations, and most conditions, of a command.</param>
/// <param name="MaxScanRecords">Most records of a page.</param>
/// <param name="MaxScanBytes">Most bytes of a page.</param>
public sealed record LimitSettings(int MaxKeyBytes, int MaxValueBytes, int MaxTransactionOperations, int MaxScanRecords, int MaxScanBytes);

/// <summary>Who runs the language model that analyses divergence reports.</summary>
public enum AiProvider
{
    /// <summary>Nobody.</summary>
    None,

    /// <summary>OpenAI, or whoever speaks its chat protocol.</summary>
    OpenAi,

    /// <summary>Anthropic.</summary>
    Anthropic,

    /// <summary>Ollama.</summary>
    Ollama,
}

/// <summary><c>[ai]</c></summary>
/// <param name="Provider">Who runs the model.</param>
/// <param name="Endpoint">Its address; null: the provider's own.</param>
/// <param name="Model">Name of the model.</param>
/// <param name="ApiKeyVariable">Name of the environment variable with the key; empty: none is sent.</param>
/// <param name="Timeout">Longest wait for an answer.</param>
public sealed record AiSettings(AiProvider Provider, Uri? Endpoint, string Model, string ApiKeyVariable, TimeSpan Timeout);

/// <summary><c>[telemetry]</c></summary>
/// <param name="Endpoint">Where metrics, traces and logs are sent through OTLP; null: where the environment says, else nowhere.</param>
/// <param name="Protocol">How it is spoken to, in the words of OTEL_EXPORTER_OTLP_PROTOCOL.</param>
/// <param name="TraceOneIn">One request in so many begins a trace; 0: none.</param>
public sealed record TelemetrySettings(Uri? Endpoint, string Protocol, int TraceOneIn);
