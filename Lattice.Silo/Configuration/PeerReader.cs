namespace Lattice.Silo.Configuration;

/// <summary>Reads <c>[[cluster.peers]]</c>.</summary>
internal static class PeerReader
{
    public static IReadOnlyList<PeerSettings> Read(string file, TomlDocument document, List<SettingsError> errors)
    {
        var peers = new SortedDictionary<int, PeerSettings>();
        var addresses = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (TomlElement element in document.Elements)
        {
            if (element.Section != SettingsSchema.Peers)
            {
                errors.Add(new SettingsError(file, element.Line, $"[[{element.Section}]]", $"no such array of tables.{SettingsValues.Suggest(element.Section, [SettingsSchema.Peers])}"));
            }
            else if (ReadOne(file, element, errors) is { } peer)
            {
                if (!peers.TryAdd(peer.Id, peer))
                {
                    errors.Add(new SettingsError(file, element.Line, $"{SettingsSchema.Peers}.id", $"node {peer.Id} is listed twice; each node has one entry."));
                    continue;
                }

                // One report is enough when a default gateway follows from an address that is taken.
                string? taken = addresses.TryAdd(peer.Address, peer.Id) ? addresses.TryAdd(peer.Gateway, peer.Id) ? null : peer.Gateway : peer.Address;
                if (taken is not null)
                {
                    errors.Add(new SettingsError(file, element.Line, SettingsSchema.Peers, $"{taken} is used by node {addresses[taken]} already; every address and gateway must be its own."));
                }
            }
        }

        if (peers.Count == 0 && !errors.Exists(e => e.Key.StartsWith(SettingsSchema.Peers, StringComparison.Ordinal)))
        {
            errors.Add(new SettingsError(file, 0, SettingsSchema.Peers, "no peers. List every node of the cluster, this one included, as [[cluster.peers]] with id and address."));
        }

        return [.. peers.Values];
    }

    private static PeerSettings? ReadOne(string file, TomlElement element, List<SettingsError> errors)
    {
        long id = 0;
        string? address = null;
        string? gateway = null;
        int before = errors.Count;
        foreach (TomlValue value in element.Values)
        {
            string name = $"{SettingsSchema.Peers}.{value.Key}";
            switch (value.Key)
            {
                case "id" when value.Value is long and >= 1 and <= SettingsSchema.MaxNode:
                    id = (long)value.Value;
                    break;
                case "id":
                    errors.Add(new SettingsError(file, value.Line, name, $"{value.Text} is not a node id; allowed are 1 to {SettingsSchema.MaxNode}."));
                    break;
                case "address" when value.Value is string text && HostPort.TryParse(text, out _, out _):
                    address = text;
                    break;
                case "gateway" when value.Value is string text && HostPort.TryParse(text, out _, out _):
                    gateway = text;
                    break;
                case "address" or "gateway":
                    errors.Add(new SettingsError(file, value.Line, name, $"{value.Text} is not \"host:port\" with a port from 1 to 65535."));
                    break;
                default:
                    errors.Add(new SettingsError(file, value.Line, name, $"no such key.{SettingsValues.Suggest(value.Key, SettingsSchema.PeerKeys)}"));
                    break;
            }
        }

        if (errors.Count > before)
        {
            return null;
        }

        if (id == 0 || address is null)
        {
            errors.Add(new SettingsError(file, element.Line, SettingsSchema.Peers, $"{(id == 0 ? "id" : "address")} is missing; a peer has an id and an address."));
            return null;
        }

        PeerSettings peer = PeerSettings.WithDefaultGateway((int)id, address);
        return gateway is null ? peer : peer with { Gateway = gateway };
    }
}
