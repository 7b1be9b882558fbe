using System.Diagnostics;
using System.Globalization;

namespace Lattice.Bench.Peers.Etcd;

/// <summary>Three local nodes of etcd (Debian package <c>etcd-server</c>).</summary>
internal sealed class EtcdPeer(string folder) : IReplicatedPeer
{
    public const string PeerName = "etcd";

    private const int Nodes = 3;

    private readonly LocalProcesses processes = new();
    private readonly int[] ports = LocalProcesses.FreePorts(2 * Nodes);
    private readonly HttpClient http = new() { Timeout = TimeSpan.FromSeconds(2) };

    /// <inheritdoc/>
    public string Name => PeerName;

    /// <inheritdoc/>
    public string Description => "3 replicas, fsync before the acknowledgement, linearizable reads; one gRPC connection to each node";

    /// <inheritdoc/>
    public string Address => string.Join(',', Enumerable.Range(1, Nodes).Select(ClientUrl));

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellation)
    {
        for (int node = 1; node <= Nodes; node++)
        {
            StartNode(node, "new");
        }

        var client = new EtcdStoreClient(Address);
        await using (client.ConfigureAwait(false))
        {
            await Patience.UntilAsync("The first write to etcd", async () =>
            {
                await client.WriteAsync("ready"u8.ToArray(), "yes"u8.ToArray(), cancellation).ConfigureAwait(false);
                return "";
            }, cancellation).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public async Task<int> KillLeaderAsync(CancellationToken cancellation)
    {
        for (int node = 1; node <= Nodes; node++)
        {
            string metrics = await http.GetStringAsync(new Uri($"{ClientUrl(node)}/metrics"), cancellation).ConfigureAwait(false);
            if (metrics.Contains("\netcd_server_is_leader 1\n", StringComparison.Ordinal))
            {
                await processes.KillAsync(node).ConfigureAwait(false);
                return node;
            }
        }

        throw new InvalidOperationException("No node of etcd says that it leads.");
    }

    /// <inheritdoc/>
    public async Task RestartAsync(int node, CancellationToken cancellation)
    {
        StartNode(node, "existing");
        await Patience.UntilAsync($"etcd's node {node}", async () =>
            (await http.GetStringAsync(new Uri($"{ClientUrl(node)}/health"), cancellation).ConfigureAwait(false)).Contains("true", StringComparison.Ordinal) ? "" : null, cancellation).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        await processes.DisposeAsync().ConfigureAwait(false);
    }

    private string ClientUrl(int node) => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{ports[(2 * node) - 2]}");

    private string PeerUrl(int node) => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{ports[(2 * node) - 1]}");

    private void StartNode(int node, string state)
    {
        string members = string.Join(',', Enumerable.Range(1, Nodes).Select(n => $"n{n}={PeerUrl(n)}"));
        processes.Start(node, new ProcessStartInfo("etcd",
        [
            "--name", $"n{node}", "--data-dir", Path.Combine(folder, $"etcd-{node}"),
            "--listen-client-urls", ClientUrl(node), "--advertise-client-urls", ClientUrl(node),
            "--listen-peer-urls", PeerUrl(node), "--initial-advertise-peer-urls", PeerUrl(node),
            "--initial-cluster", members, "--initial-cluster-state", state, "--log-level", "error",
        ]), "Install the Debian package etcd-server.");
    }
}
