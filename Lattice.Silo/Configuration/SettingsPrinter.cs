using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Lattice.Silo.Configuration;

/// <summary>Prints the settings that are in force, as a configuration file that says everything. Secrets are left out.</summary>
public static partial class SettingsPrinter
{
    private static readonly string[] ReportedSections = ["performance", "consensus", "storage", "verification", "limits"];

    /// <summary>The text.</summary>
    public static string Print(NodeSettings settings)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"# Settings of node {settings.Node} in force, from {settings.File}");
        Dictionary<string, object> values = Values(settings);
        foreach (IGrouping<string, SettingDefinition> section in SettingsSchema.All.GroupBy(d => d.Section))
        {
            text.AppendLine().AppendLine(CultureInfo.InvariantCulture, $"[{section.Key}]");
            foreach (SettingDefinition definition in section)
            {
                text.AppendLine(CultureInfo.InvariantCulture, $"{definition.Key} = {SettingsTemplate.Quote(values[definition.Name])}");
            }

            if (section.Key == "cluster")
            {
                foreach (PeerSettings peer in settings.Cluster.Peers)
                {
                    text.AppendLine().AppendLine("[[cluster.peers]]").AppendLine(CultureInfo.InvariantCulture, $"id = {peer.Id}")
                        .AppendLine(CultureInfo.InvariantCulture, $"address = {SettingsTemplate.Quote(peer.Address)}")
                        .AppendLine(CultureInfo.InvariantCulture, $"gateway = {SettingsTemplate.Quote(peer.Gateway)}");
                }
            }
        }

        return text.ToString();
    }

    /// <summary>The settings that may matter when replicas differ, by full name; none that is secret.</summary>
    internal static IReadOnlyDictionary<string, string> OfReports(NodeSettings settings) => Values(settings)
        .Where(value => ReportedSections.Contains(value.Key.Split('.')[0]) && value.Key != "storage.data_dir")
        .ToDictionary(value => value.Key, value => Convert.ToString(value.Value, CultureInfo.InvariantCulture)!, StringComparer.Ordinal);

    private static Dictionary<string, object> Values(NodeSettings s) => new(StringComparer.Ordinal)
    {
        ["cluster.name"] = s.Cluster.Name,
        ["cluster.shards"] = s.Cluster.Shards,
        ["cluster.finalize_upgrade_hours"] = s.Cluster.FinalizeUpgradeAfter.TotalHours,
        ["membership.provider"] = s.Membership.Provider == MembershipProvider.PostgreSql ? "postgresql" : "sqlite",
        ["membership.connection"] = Secret().Replace(s.Membership.Connection, "${name}***"),
        ["performance.batch_size"] = s.Performance.BatchSize,
        ["performance.batch_timeout_ms"] = s.Performance.BatchTimeout.TotalMilliseconds,
        ["performance.worker_threads"] = s.Performance.WorkerThreads,
        ["performance.cache_size"] = s.Performance.CacheSize,
        ["consensus.max_entries_per_append"] = s.Consensus.MaxEntriesPerAppend,
        ["consensus.heartbeat_ms"] = s.Consensus.Heartbeat.TotalMilliseconds,
        ["consensus.election_timeout_ms"] = s.Consensus.ElectionTimeout.TotalMilliseconds,
        ["consensus.read_mode"] = s.Consensus.LeaseReads ? "lease" : "read-index",
        ["storage.data_dir"] = s.Storage.DataDirectory,
        ["storage.sync_on_write"] = s.Storage.SyncOnWrite,
        ["storage.max_wal_size_mb"] = s.Storage.MaxSegmentBytes >> 20,
        ["storage.snapshot_interval"] = s.Storage.SnapshotInterval,
        ["storage.keep_snapshots"] = s.Storage.KeepSnapshots,
        ["storage.reserve_mb"] = s.Storage.ReserveBytes >> 20,
        ["verification.enabled"] = s.Verification.Enabled,
        ["verification.boot_check"] = s.Verification.CheckStateAtBoot ? "full" : "background",
        ["verification.scrub_mb_per_second"] = s.Verification.ScrubBytesPerSecond >> 20,
        ["verification.allow_drills"] = s.Verification.AllowDrills,
        ["verification.redact_values"] = s.Verification.RedactValues,
        ["verification.keep_divergence_mb"] = s.Verification.KeepDivergenceBytes >> 20,
        ["limits.max_key_bytes"] = s.Limits.MaxKeyBytes,
        ["limits.max_value_bytes"] = s.Limits.MaxValueBytes,
        ["limits.max_transaction_operations"] = s.Limits.MaxTransactionOperations,
        ["limits.max_scan_records"] = s.Limits.MaxScanRecords,
        ["limits.max_scan_bytes"] = s.Limits.MaxScanBytes,
        ["network.tcp_nodelay"] = s.TcpNoDelay,
        ["ai.provider"] = s.Ai.Provider.ToString().ToLowerInvariant(),
        ["ai.endpoint"] = s.Ai.Endpoint?.OriginalString ?? "",
        ["ai.model"] = s.Ai.Model,
        ["ai.api_key_env"] = s.Ai.ApiKeyVariable,
        ["ai.timeout_seconds"] = s.Ai.Timeout.TotalSeconds,
        ["security.tokens_file"] = s.Security.TokensFile,
        ["security.operator_token_file"] = s.Security.OperatorTokenFile,
        ["security.cluster_secret_file"] = s.Security.ClusterSecretFile,
        ["security.tls_certificate"] = s.Security.Tls?.CertificateFile ?? "",
        ["security.tls_key"] = s.Security.Tls?.KeyFile ?? "",
        ["security.tls_ca"] = s.Security.Tls?.AuthorityFile ?? "",
        ["security.http"] = s.Security.Http switch { HttpSecurity.Tls => "tls", HttpSecurity.MutualTls => "mutual-tls", _ => "plain" },
        ["metrics.address"] = s.MetricsAddress,
        ["telemetry.otlp_endpoint"] = s.Telemetry.Endpoint?.OriginalString ?? "",
        ["telemetry.otlp_protocol"] = s.Telemetry.Protocol,
        ["telemetry.trace_one_in"] = s.Telemetry.TraceOneIn,
        ["telemetry.orleans_dashboard"] = s.OrleansDashboard,
    };

    [GeneratedRegex(@"(?<name>(password|pwd)\s*=\s*)[^;]*", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Secret();
}
