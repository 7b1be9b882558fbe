using System.Globalization;
using System.Text;

namespace Lattice.Silo.Configuration;

/// <summary>Writes configuration files: with every key, its meaning and its default.</summary>
public static class SettingsTemplate
{
    private const int FirstPort = 5001;
    private const int DefaultNodes = 3;

    /// <summary>The peers of a file that is generated without any being named: 1 to 3 on loopback, and the node itself.</summary>
    public static IReadOnlyList<PeerSettings> DefaultPeers(int node) =>
        WithNode(node, [.. Enumerable.Range(1, DefaultNodes).Select(id => PeerSettings.WithDefaultGateway(id, string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{FirstPort + id - 1}")))]);

    /// <summary>The peers with the node added, if it is not among them: on the host of the last one, at the next free port.</summary>
    public static IReadOnlyList<PeerSettings> WithNode(int node, IReadOnlyList<PeerSettings> peers)
    {
        if (peers.Any(p => p.Id == node) || peers.Count == 0)
        {
            return peers;
        }

        (string host, _) = HostPort.Parse(peers[^1].Address);
        int port = peers.Max(p => HostPort.Parse(p.Address).Port) + 1;
        return [.. peers.Append(PeerSettings.WithDefaultGateway(node, HostPort.Format(host, port))).OrderBy(p => p.Id)];
    }

    /// <summary>The text of a file.</summary>
    /// <param name="node">Node that it is for.</param>
    /// <param name="peers">All nodes.</param>
    /// <param name="membership">Membership database; null: the default.</param>
    /// <param name="paths">Where defaults lie.</param>
    /// <param name="values">Settings that are not to have their default, by full name (<c>metrics.address</c>).</param>
    public static string Generate(int node, IReadOnlyList<PeerSettings> peers, MembershipSettings? membership, LatticePaths paths, IReadOnlyDictionary<string, object>? values = null)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"# Configuration of node {node}. Every key is listed with its default; what is commented out has it.");
        foreach (IGrouping<string, SettingDefinition> section in SettingsSchema.All.GroupBy(d => d.Section))
        {
            text.AppendLine().AppendLine(CultureInfo.InvariantCulture, $"[{section.Key}]");
            foreach (SettingDefinition definition in section)
            {
                Append(text, definition, node, membership, paths, values);
            }

            if (section.Key == "cluster")
            {
                AppendPeers(text, peers);
            }
        }

        return text.ToString();
    }

    internal static string Quote(object value) => value switch
    {
        bool flag => flag ? "true" : "false",
        string text => $"\"{text.Replace("\\", @"\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"",
        _ => string.Create(CultureInfo.InvariantCulture, $"{value}"),
    };

    private static void Append(StringBuilder text, SettingDefinition definition, int node, MembershipSettings? membership, LatticePaths paths, IReadOnlyDictionary<string, object>? values)
    {
        text.Append("# ").Append(definition.Meaning);
        if (definition.Kind == SettingKind.Integer)
        {
            text.Append(CultureInfo.InvariantCulture, $" ({definition.Min} to {definition.Max})");
        }
        else if (definition.Values.Count > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $" ({string.Join(" or ", definition.Values.Select(Quote))})");
        }

        text.AppendLine();
        object? given = definition.Name switch
        {
            "membership.provider" when membership is not null => membership.Provider == MembershipProvider.PostgreSql ? "postgresql" : "sqlite",
            "membership.connection" => membership?.Connection,
            _ => values?.GetValueOrDefault(definition.Name),
        };
        bool isDefault = given is null;
        text.AppendLine(CultureInfo.InvariantCulture, $"{(isDefault ? "# " : "")}{definition.Key} = {Quote(given ?? definition.Default(node, paths))}");
    }

    private static void AppendPeers(StringBuilder text, IReadOnlyList<PeerSettings> peers)
    {
        text.AppendLine().AppendLine("# Every node of the cluster, this one included. 'gateway' is where clients connect; by default the port of the address and 25000.");
        foreach (PeerSettings peer in peers)
        {
            text.AppendLine("[[cluster.peers]]")
                .AppendLine(CultureInfo.InvariantCulture, $"id = {peer.Id}")
                .AppendLine(CultureInfo.InvariantCulture, $"address = {Quote(peer.Address)}")
                .AppendLine(CultureInfo.InvariantCulture, $"gateway = {Quote(peer.Gateway)}");
        }
    }
}
