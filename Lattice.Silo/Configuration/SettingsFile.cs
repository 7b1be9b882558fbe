using System.Globalization;

namespace Lattice.Silo.Configuration;

/// <summary>Reads configuration files. All mistakes are reported at once.</summary>
public static class SettingsFile
{
    /// <summary>Reads and checks a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="node">Node that it is for; null: the one that the file's name (<c>nodeN.toml</c>) says, else its first peer.</param>
    /// <param name="paths">Where defaults lie.</param>
    public static SettingsResult Load(string path, int? node, LatticePaths paths)
    {
        string text;
        try
        {
            text = File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new SettingsResult(null, [new SettingsError(path, 0, "", $"the file cannot be read ({e.Message}). 'lattice config generate {node ?? 1} {path}' writes one with every key and its default.")]);
        }

        return Parse(text, path, node, paths);
    }

    /// <summary>Reads and checks a file's text.</summary>
    public static SettingsResult Parse(string text, string path, int? node, LatticePaths paths)
    {
        TomlDocument document = TomlDocument.Parse(text);
        var errors = new List<SettingsError>();
        errors.AddRange(document.Mistakes.Select(m => new SettingsError(path, m.Line, "", m.Message)));
        var values = new SettingsValues(path, document, errors);
        IReadOnlyList<PeerSettings> peers = PeerReader.Read(path, document, errors);
        int id = node ?? NodeOf(path) ?? (peers.Count > 0 ? peers[0].Id : 1);
        NodeSettings settings = Build(path, id, peers, values, paths);
        SettingsRules.Check(settings, values, paths, errors);
        errors.Sort((a, b) => a.Line.CompareTo(b.Line));
        return errors.Count > 0 ? new SettingsResult(null, errors) : new SettingsResult(settings, []) { Warnings = [.. SecurityRules.Warnings(settings)] };
    }

    private static int? NodeOf(string path)
    {
        string name = Path.GetFileNameWithoutExtension(path);
        return name.StartsWith("node", StringComparison.Ordinal) && int.TryParse(name.AsSpan(4).TrimStart('-'), NumberStyles.None, CultureInfo.InvariantCulture, out int node) ? node : null;
    }

    private static SecuritySettings Security(Func<string, string> text)
    {
        (string certificate, string key, string authority) = (text("tls_certificate"), text("tls_key"), text("tls_ca"));
        return new SecuritySettings(
            text("tokens_file"),
            text("operator_token_file"),
            text("cluster_secret_file"),
            certificate.Length > 0 && key.Length > 0 && authority.Length > 0 ? new TlsSettings(certificate, key, authority) : null,
            text("http") switch { "tls" => HttpSecurity.Tls, "mutual-tls" => HttpSecurity.MutualTls, _ => HttpSecurity.Plain });
    }

    private static NodeSettings Build(string path, int node, IReadOnlyList<PeerSettings> peers, SettingsValues values, LatticePaths paths)
    {
        object Get(string section, string key) => values.Get(section, key, node, paths);
        int Int(string section, string key) => (int)(long)Get(section, key);
        string Text(string section, string key) => (string)Get(section, key);
        return new NodeSettings
        {
            Node = node,
            File = path,
            Cluster = new ClusterSettings(Text("cluster", "name"), Int("cluster", "shards"), peers) { FinalizeUpgradeAfter = TimeSpan.FromHours(Int("cluster", "finalize_upgrade_hours")) },
            Membership = new MembershipSettings(Text("membership", "provider") == "postgresql" ? MembershipProvider.PostgreSql : MembershipProvider.Sqlite, Text("membership", "connection")),
            Performance = new PerformanceSettings(
                Int("performance", "batch_size"),
                TimeSpan.FromMilliseconds(Int("performance", "batch_timeout_ms")),
                Int("performance", "worker_threads"),
                Int("performance", "cache_size")),
            Consensus = new ConsensusSettings(
                Int("consensus", "max_entries_per_append"),
                TimeSpan.FromMilliseconds(Int("consensus", "heartbeat_ms")),
                TimeSpan.FromMilliseconds(Int("consensus", "election_timeout_ms")),
                Text("consensus", "read_mode") == "lease"),
            Storage = new StorageSettings(
                Path.GetFullPath(Text("storage", "data_dir")),
                (bool)Get("storage", "sync_on_write"),
                (long)Get("storage", "max_wal_size_mb") << 20,
                Int("storage", "snapshot_interval"),
                Int("storage", "keep_snapshots"),
                (long)Get("storage", "reserve_mb") << 20),
            Verification = new VerificationSettings(
                (bool)Get("verification", "enabled"),
                Text("verification", "boot_check") == "full",
                (long)Get("verification", "scrub_mb_per_second") << 20,
                (bool)Get("verification", "allow_drills"),
                (bool)Get("verification", "redact_values"),
                (long)Get("verification", "keep_divergence_mb") << 20),
            Limits = new LimitSettings(
                Int("limits", "max_key_bytes"),
                Int("limits", "max_value_bytes"),
                Int("limits", "max_transaction_operations"),
                Int("limits", "max_scan_records"),
                Int("limits", "max_scan_bytes")),
            TcpNoDelay = (bool)Get("network", "tcp_nodelay"),
            Ai = new AiSettings(
                Text("ai", "provider") switch { "openai" => AiProvider.OpenAi, "anthropic" => AiProvider.Anthropic, "ollama" => AiProvider.Ollama, _ => AiProvider.None },
                Uri.TryCreate(Text("ai", "endpoint"), UriKind.Absolute, out Uri? endpoint) ? endpoint : null,
                Text("ai", "model"),
                Text("ai", "api_key_env"),
                TimeSpan.FromSeconds(Int("ai", "timeout_seconds"))),
            Security = Security(key => Text("security", key)),
            Telemetry = new TelemetrySettings(
                Uri.TryCreate(Text("telemetry", "otlp_endpoint"), UriKind.Absolute, out Uri? collector) ? collector : null,
                Text("telemetry", "otlp_protocol"),
                Int("telemetry", "trace_one_in")),
            MetricsAddress = Text("metrics", "address"),
            OrleansDashboard = (bool)Get("telemetry", "orleans_dashboard"),
        };
    }
}
