using System.Globalization;
using Lattice.Cli.Cluster;
using Lattice.Silo.Configuration;

namespace Lattice.Cli.Dev;

/// <summary>A local cluster of child processes, with configuration, data and logs below one folder.</summary>
internal sealed class DevCluster : IAsyncDisposable
{
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(8);

    private readonly bool temporary;

    private DevCluster(string root, bool temporary, ClusterLocation location, IReadOnlyList<DevNode> nodes)
    {
        Root = root;
        this.temporary = temporary;
        Location = location;
        Nodes = nodes;
    }

    /// <summary>The folder.</summary>
    public string Root { get; }

    /// <summary>Where clients find it.</summary>
    public ClusterLocation Location { get; }

    /// <summary>Its nodes.</summary>
    public IReadOnlyList<DevNode> Nodes { get; }

    /// <summary>Prepares a cluster in a folder, or in a temporary one that goes with it. Configuration files that are already there are used.</summary>
    /// <param name="root">The folder; null: a temporary one.</param>
    /// <param name="nodes">How many nodes; null: those that have files, else three.</param>
    /// <param name="usualPorts">Whether to take the default ports when they are free.</param>
    public static DevCluster Create(string? root, int? nodes, bool usualPorts)
    {
        string folder = root is null ? Directory.CreateTempSubdirectory("lattice-dev-").FullName : Path.GetFullPath(root);
        var paths = new LatticePaths(folder);
        List<int> present = Present(paths);
        if (present.Count == 0)
        {
            present = Generate(paths, PortPlan.For(nodes ?? 3, usualPorts));
        }
        else if (nodes is { } wanted && wanted != present.Count)
        {
            throw new CommandFailedException(ExitCodes.Usage, $"The cluster in '{folder}' has {present.Count} nodes, not {wanted}; nothing was started. Leave --nodes out to run it as it is, or choose another folder with --root.");
        }

        ClusterLocation location = new ClusterLocator(paths, configVariable: null, DevRuntimeFile.OfUser()).Locate(paths.ConfigurationOf(present[0]));
        return new DevCluster(
            folder,
            root is null,
            location,
            [.. present.Select(id => new DevNode(id, paths.ConfigurationOf(id), folder, Path.Combine(paths.LogDirectory, string.Create(CultureInfo.InvariantCulture, $"node{id}.log"))))]);
    }

    /// <summary>Starts all nodes.</summary>
    public void StartAll()
    {
        foreach (DevNode node in Nodes)
        {
            node.Start();
        }
    }

    /// <summary>Stops all nodes in order; what does not stop is killed.</summary>
    public async Task StopAllAsync()
    {
        foreach (DevNode node in Nodes)
        {
            node.Terminate();
        }

        await Task.WhenAll(Nodes.Select(n => n.WaitOrKillAsync(StopTimeout))).ConfigureAwait(false);
    }

    /// <summary>Stops what still runs, and removes a temporary folder.</summary>
    public async ValueTask DisposeAsync()
    {
        await StopAllAsync().ConfigureAwait(false);
        foreach (DevNode node in Nodes)
        {
            node.Dispose();
        }

        if (temporary)
        {
            Directory.Delete(Root, recursive: true);
        }
    }

    private static List<int> Present(LatticePaths paths) => !Directory.Exists(paths.ConfigurationDirectory)
        ? []
        : [.. Directory.GetFiles(paths.ConfigurationDirectory, "node*.toml")
            .Select(f => int.TryParse(Path.GetFileNameWithoutExtension(f).AsSpan("node".Length), CultureInfo.InvariantCulture, out int id) ? id : 0)
            .Where(id => id > 0).Order()];

    private static List<int> Generate(LatticePaths paths, PortPlan plan)
    {
        Directory.CreateDirectory(paths.ConfigurationDirectory);
        foreach (PeerSettings peer in plan.Peers)
        {
            var values = new Dictionary<string, object>(StringComparer.Ordinal) { ["metrics.address"] = plan.Metrics[peer.Id], ["cluster.name"] = "dev" };
            File.WriteAllText(paths.ConfigurationOf(peer.Id), SettingsTemplate.Generate(peer.Id, plan.Peers, membership: null, paths, values));
        }

        return [.. plan.Peers.Select(p => p.Id)];
    }
}
