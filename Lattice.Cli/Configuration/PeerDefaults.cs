using Lattice.Silo.Configuration;

namespace Lattice.Cli.Configuration;

/// <summary>The peers of a generated file when none are given: those of a sibling, so that the files of one folder make one cluster.</summary>
internal static class PeerDefaults
{
    /// <summary>Peers for the file, with the node among them.</summary>
    public static IReadOnlyList<PeerSettings> For(int node, string file, LatticePaths paths) =>
        Siblings(file, paths) is { } siblings ? SettingsTemplate.WithNode(node, siblings) : SettingsTemplate.DefaultPeers(node);

    private static IReadOnlyList<PeerSettings>? Siblings(string file, LatticePaths paths)
    {
        string folder = Path.GetDirectoryName(file)!;
        return !Directory.Exists(folder)
            ? null
            : Directory.GetFiles(folder, "node*.toml")
                .Where(f => !string.Equals(f, file, StringComparison.Ordinal))
                .Order(StringComparer.Ordinal)
                .Select(f => SettingsFile.Load(f, node: null, paths).Settings?.Cluster.Peers)
                .FirstOrDefault(p => p is { Count: > 0 });
    }
}
