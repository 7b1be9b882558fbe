using System.Globalization;
using Lattice.Client;
using Lattice.Grains;
using Lattice.Silo.Configuration;

namespace Lattice.Cluster.Tests.Harness;

/// <summary>Nodes of one cluster in this process, on real ports of loopback and real folders.</summary>
internal sealed class TestCluster : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TestFolder folder = new();
    private readonly Dictionary<int, TestNode> running = [];
    private readonly string membership;
    private readonly List<PeerSettings> peers = [];

    public TestCluster(int nodes = 3, MembershipSettings? database = null)
    {
        for (int id = 1; id <= nodes; id++)
        {
            peers.Add(new PeerSettings(id, Address(), Address()));
        }

        membership = database is null
            ? $"provider = \"sqlite\"\nconnection = \"Data Source={MembershipFile}\""
            : $"provider = \"postgresql\"\nconnection = \"{database.Connection}\"";
    }

    public string MembershipFile => folder.File("membership", "membership.db");

    public IReadOnlyList<int> Nodes => [.. peers.Select(p => p.Id)];

    public TestNode this[int node] => running[node];

    public string DataOf(int node) => folder.File($"node-{node}");

    public NodeSettings Settings(int node)
    {
        string text = $"""
            [cluster]
            name = "test"
            shards = 2
            {string.Join('\n', peers.Select(p => string.Create(CultureInfo.InvariantCulture, $"[[cluster.peers]]\nid = {p.Id}\naddress = \"{p.Address}\"\ngateway = \"{p.Gateway}\"")))}
            [membership]
            {membership}
            [storage]
            data_dir = "{DataOf(node)}"
            max_wal_size_mb = 4
            [metrics]
            address = "{Address()}"
            """;
        SettingsResult read = SettingsFile.Parse(text, $"node{node}.toml", node, new LatticePaths(folder.Path));
        Assert.True(read.Errors.Count == 0, string.Join('\n', read.Errors));
        return read.Settings!;
    }

    public async Task StartAsync(params int[] nodes)
    {
        TestNode[] started = await Task.WhenAll((nodes.Length > 0 ? nodes : [.. Nodes]).Select(node => TestNode.StartAsync(Settings(node))));
        foreach (TestNode node in started)
        {
            running[node.Id] = node;
        }
    }

    public async Task StopAsync(int node)
    {
        running.Remove(node, out TestNode? stopped);
        await stopped!.DisposeAsync();
    }

    /// <summary>A client that knows the gateways of these nodes; all, when none is named.</summary>
    public Task<LatticeClient> ConnectAsync(params int[] nodes)
    {
        var options = new LatticeClientOptions { ClusterName = "test", RequestTimeout = Patience };
        foreach (PeerSettings peer in peers.Where(p => nodes.Length == 0 || nodes.Contains(p.Id)))
        {
            options.Gateways.Add(peer.Gateway);
        }

        return LatticeClient.ConnectAsync(options);
    }

    /// <summary>Waits until all running nodes agree on the leader of every group.</summary>
    public Task WaitUntilLedAsync() => Eventually.Holds(
        () => running.Values.All(node => node.Host.Catalog.IsFounded
            && Enumerable.Range(0, node.Host.Catalog.Groups.Length + 1).All(group =>
                running.Values.Select(n => n.Host.LeaderOf((uint)group)).Distinct().Count() == 1 && node.Host.LeaderOf((uint)group) != 0)),
        Patience,
        "every group has a leader that all nodes know");

    public int LeaderOf(uint group) => running.Values.First().Host.LeaderOf(group);

    /// <summary>Waits until the status that a node reports is as wanted.</summary>
    public static Task<ClusterStatus> WaitForStatusAsync(LatticeClient client, Func<ClusterStatus, bool> wanted, string what) =>
        Eventually.Holds(() => client.StatusAsync(), wanted, Patience, what);

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(running.Values.Select(node => node.DisposeAsync().AsTask()));
        folder.Dispose();
    }

    private static string Address() => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{Ports.Free()}");
}
