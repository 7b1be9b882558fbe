using System.Globalization;

namespace Lattice.Silo.Configuration;

/// <summary>All keys of the configuration file.</summary>
internal static class SettingsSchema
{
    public const string Peers = "cluster.peers";
    public const int MaxNode = 999;
    public static readonly string[] PeerKeys = ["id", "address", "gateway"];

    private const int MetricsPortBase = 9000;

    public static IReadOnlyList<SettingDefinition> All { get; } =
    [
        Text("cluster", "name", "lattice", "Name of the cluster; the same in the files of all its nodes."),
        Integer("cluster", "shards", 4, 1, 1024, "Data groups of a new cluster. A cluster that exists keeps the number that it was founded with."),
        Integer("cluster", "finalize_upgrade_hours", 24, 0, 8760, "Hours that all nodes have to have run a newer version of Lattice before the cluster uses what it brings, from which on the older version cannot be started any more; 0: not before 'lattice admin finalize-upgrade'."),
        Choice("membership", "provider", ["sqlite", "postgresql"], "Database of Orleans membership: an SQLite file for nodes on one host, PostgreSQL for several."),
        new("membership", "connection", SettingKind.Text, (_, paths) => $"Data Source={paths.MembershipFile}", "ADO.NET connection string. PostgreSQL needs one, for example \"Host=db;Database=lattice;Username=lattice;Password=...\"."),
        Integer("performance", "batch_size", 100, 1, 10_000, "Most requests that share one entry of the log."),
        Integer("performance", "batch_timeout_ms", 2, 0, 1000, "Longest that a write waits for company while the group is busy. An idle group never waits."),
        new("performance", "worker_threads", SettingKind.Integer, (_, _) => (long)Environment.ProcessorCount, "Threads that run the groups. The default is the number of cores.") { Min = 1, Max = 1024 },
        Integer("performance", "cache_size", 10_000, 0, 100_000_000, "Records that the node keeps in memory."),
        Integer("consensus", "max_entries_per_append", 100, 1, 10_000, "Most entries in one message to a follower."),
        Integer("consensus", "heartbeat_ms", 50, 5, 10_000, "Interval of a leader's heartbeats."),
        Integer("consensus", "election_timeout_ms", 500, 50, 60_000, "Shortest silence of a leader before another election; each one is drawn between this and its double. At least four heartbeats."),
        Choice("consensus", "read_mode", ["read-index", "lease"], "How a leader makes sure that it still leads before it answers a read: by asking a majority, or by its lease, which trusts clocks to run at nearly the same rate."),
        new("storage", "data_dir", SettingKind.Text, (node, paths) => paths.DataOf(node), "The node's data directory."),
        new("storage", "sync_on_write", SettingKind.Boolean, (_, _) => true, "true: acknowledged means synced to the disks of a majority. false: synced in the background; a power loss on a majority may lose the last moments."),
        Integer("storage", "max_wal_size_mb", 64, 1, 1024, "Size of a segment of the write-ahead log, in MiB."),
        Integer("storage", "snapshot_interval", 10_000, 100, 100_000_000, "Entries of a group after which its state is made durable and its log compacted; so many entries stay in the log for followers that are behind."),
        Integer("storage", "keep_snapshots", 5, 1, 1000, "Snapshot files to keep."),
        Integer("storage", "reserve_mb", 256, 0, 1 << 20, "MiB that stay free on the data directory's volume: with less, the node refuses writes and leads nothing until there is room again; 0: none."),
        new("verification", "enabled", SettingKind.Boolean, (_, _) => true, "Check every write against the reference model and the other replicas before it is acknowledged."),
        Choice("verification", "boot_check", ["full", "background"], "full: read the whole state and check it against its digests before the node serves. background: check each record when it is read, and the whole by the scrub; for states so large that a start would take too long."),
        Integer("verification", "scrub_mb_per_second", 8, 0, 10_000, "MiB a second that are read in the background, again and again, to check what the node holds; 0: none."),
        new("verification", "allow_drills", SettingKind.Boolean, (_, _) => false, "Let 'lattice admin drill' inject real faults that stop this node, to rehearse what to do."),
        new("verification", "redact_values", SettingKind.Boolean, (_, _) => false, "Leave values out of divergence reports and of what is sent to a language model; their hashes and lengths, and the keys, stay in."),
        Integer("verification", "keep_divergence_mb", 4096, 0, 10_000_000, "MiB of log, snapshots and state of this node that 'lattice admin clear-divergence' keeps in divergence/ for those who look into it. What does not fit is dropped, the oldest snapshots and log segments first; the report is always kept."),
        Integer("limits", "max_key_bytes", 1024, 16, 60_000, "Longest key. Like all limits: of a new cluster; one that exists keeps those that it was founded with."),
        Integer("limits", "max_value_bytes", 1 << 20, 1024, 3 << 20, "Longest value, of a new cluster."),
        Integer("limits", "max_transaction_operations", 128, 1, 255, "Most operations, and most conditions, of one transaction, in a new cluster."),
        Integer("limits", "max_scan_records", 1000, 1, 100_000, "Most records in a page of a scan, in a new cluster."),
        Integer("limits", "max_scan_bytes", 1 << 20, 1024, 64 << 20, "Most bytes of keys and values in a page of a scan, in a new cluster."),
        new("network", "tcp_nodelay", SettingKind.Boolean, (_, _) => true, "Send small messages at once instead of waiting to fill a packet (TCP_NODELAY)."),
        Choice("ai", "provider", ["none", "openai", "anthropic", "ollama"], "Language model that also analyses a divergence report; \"openai\" is any endpoint that speaks its chat protocol. The rules' analysis is always made and needs none."),
        Optional("ai", "endpoint", "Address of the model, for example \"http://127.0.0.1:8000/v1\". Empty: the provider's own, for ollama that of this machine."),
        Optional("ai", "model", "Name of the model; every provider but \"none\" needs one."),
        Optional("ai", "api_key_env", "Name of the environment variable that holds the key, which must not stand in this file. Empty: no key is sent."),
        Integer("ai", "timeout_seconds", 20, 1, 600, "Longest wait for the model's answer. The node halts without waiting for it."),
        Optional("security", "tokens_file", "File with the tokens that clients may show, hashed, for example \"/etc/lattice/tokens.json\"; 'lattice token create' makes it. Empty: clients need none. Changes of the file take effect at once."),
        Optional("security", "operator_token_file", "File with the token that commands show which read this configuration, unless LATTICE_TOKEN or --token-file gives another. Empty: none."),
        Optional("security", "cluster_secret_file", "File with a secret that all nodes share and nobody else knows, for example \"/etc/lattice/cluster.secret\"; what does not know it is no node. Needed with tokens_file, unless there is TLS."),
        Optional("security", "tls_certificate", "PEM file of the certificate of this node; with it the ports of nodes and clients take only TLS, from whoever has a certificate of the same authority. A node's is for serverAuth and clientAuth, a client's for clientAuth alone. Empty: no TLS."),
        Optional("security", "tls_key", "PEM file of its key."),
        Optional("security", "tls_ca", "PEM file of the authority that signs the certificates of nodes and clients, and nothing else."),
        Choice("security", "http", ["plain", "tls", "mutual-tls"], "How the endpoint of [metrics] is served: unencrypted, by TLS to anybody, or by TLS to whoever has a certificate of the authority."),
        new("metrics", "address", SettingKind.Address, (node, _) => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{MetricsPortBase + node}"), "Address of the operator's page, of metrics and of health."),
        Optional("telemetry", "otlp_endpoint", "Where metrics, traces and logs are sent through OTLP, for example \"http://127.0.0.1:4317\". Empty: where OTEL_EXPORTER_OTLP_ENDPOINT says, else nowhere."),
        Choice("telemetry", "otlp_protocol", ["grpc", "http/protobuf"], "How otlp_endpoint is spoken to; collectors take gRPC on port 4317 and HTTP on 4318."),
        Integer("telemetry", "trace_one_in", 1000, 0, 1_000_000, "One request in so many begins a trace; 0: none does. Requests of clients that make traces are in theirs."),
        new("telemetry", "orleans_dashboard", SettingKind.Boolean, (_, _) => false, "Serve Orleans' own dashboard at /orleans/ of that address too. It profiles every call and shows the state of grains; for those who develop grains beside Lattice."),
    ];

    public static SettingDefinition? Find(string section, string key) =>
        All.FirstOrDefault(d => d.Section == section && d.Key == key);

    private static SettingDefinition Integer(string section, string key, long value, long min, long max, string meaning) =>
        new(section, key, SettingKind.Integer, (_, _) => value, meaning) { Min = min, Max = max };

    private static SettingDefinition Text(string section, string key, string value, string meaning) =>
        new(section, key, SettingKind.Text, (_, _) => value, meaning);

    private static SettingDefinition Optional(string section, string key, string meaning) =>
        Text(section, key, "", meaning) with { MayBeEmpty = true };

    private static SettingDefinition Choice(string section, string key, string[] values, string meaning) =>
        new(section, key, SettingKind.Text, (_, _) => values[0], meaning) { Values = values };
}
