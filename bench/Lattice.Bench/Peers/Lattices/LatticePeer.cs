using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Lattice.Bench.Peers.Lattices;

/// <summary>Local nodes of the published binary.</summary>
internal sealed class LatticePeer(string folder, LatticeSetup setup) : IReplicatedPeer
{
    public const string PeerName = "lattice";

    private readonly LocalProcesses processes = new();
    private readonly int[] ports = LocalProcesses.FreePorts(3 * setup.Nodes);
    private readonly string cluster = string.Create(CultureInfo.InvariantCulture, $"bench-{Environment.ProcessId}");

    /// <inheritdoc/>
    public string Name => PeerName;

    /// <inheritdoc/>
    public string Description => string.Create(CultureInfo.InvariantCulture, $"{setup.Nodes} replicas, fdatasync before the acknowledgement, {setup.Shards} data group{(setup.Shards == 1 ? "" : "s")}, verification {(setup.Verify ? "on" : "off")}, linearizable reads");

    /// <inheritdoc/>
    public string Address => cluster + "," + string.Join(',', Enumerable.Range(1, setup.Nodes).Select(node => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{GatewayPort(node)}")));

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellation)
    {
        if (!File.Exists(setup.Binary))
        {
            throw new FileNotFoundException($"There is no published binary at '{setup.Binary}'. Publish Lattice.Cli, or say with --lattice where it is.", setup.Binary);
        }

        Directory.CreateDirectory(Path.Combine(folder, "etc/lattice"));
        for (int node = 1; node <= setup.Nodes; node++)
        {
            await File.WriteAllTextAsync(ConfigurationFile(node), Configuration(node), cancellation).ConfigureAwait(false);
            StartNode(node);
        }

        await UntilHealthyAsync(cancellation).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task<int> KillLeaderAsync(CancellationToken cancellation)
    {
        JsonElement status = await StatusAsync(cancellation).ConfigureAwait(false) ?? throw new InvalidOperationException("'lattice status' did not answer.");
        int leader = status.GetProperty("leader").GetInt32();
        await processes.KillAsync(leader).ConfigureAwait(false);
        return leader;
    }

    /// <inheritdoc/>
    public Task RestartAsync(int node, CancellationToken cancellation)
    {
        StartNode(node);
        return UntilHealthyAsync(cancellation);
    }

    /// <summary>Memory of a node's process.</summary>
    public long ResidentBytes(int node)
    {
        Process process = processes[node];
        process.Refresh();
        return process.WorkingSet64;
    }

    /// <summary>Kills a node's process, as <c>kill -9</c> does.</summary>
    public Task KillAsync(int node) => processes.KillAsync(node);

    /// <summary>Processor time of all nodes since their starts.</summary>
    public TimeSpan ProcessorTime() => Enumerable.Range(1, setup.Nodes).Aggregate(TimeSpan.Zero, (sum, node) =>
    {
        processes[node].Refresh();
        return sum + processes[node].TotalProcessorTime;
    });

    /// <summary>Runs a command of the binary on this cluster to its end.</summary>
    /// <exception cref="InvalidOperationException">It failed; says what it said.</exception>
    public async Task RunAsync(string[] arguments, CancellationToken cancellation)
    {
        using Process command = Command(arguments);
        Task<string> printed = command.StandardOutput.ReadToEndAsync(cancellation);
        string said = await command.StandardError.ReadToEndAsync(cancellation).ConfigureAwait(false);
        await printed.ConfigureAwait(false);
        await command.WaitForExitAsync(cancellation).ConfigureAwait(false);
        if (command.ExitCode != 0)
        {
            throw new InvalidOperationException($"'lattice {string.Join(' ', arguments)}' failed: {said}");
        }
    }

    /// <summary>Starts a command of the binary on this cluster; its output is the caller's.</summary>
    public Process Command(params string[] arguments)
    {
        var start = new ProcessStartInfo(setup.Binary, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["LATTICE_ROOT"] = folder;
        return Process.Start(start) ?? throw new InvalidOperationException($"'{setup.Binary}' could not be started.");
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => processes.DisposeAsync();

    private int SiloPort(int node) => ports[(3 * node) - 3];

    private int GatewayPort(int node) => ports[(3 * node) - 2];

    private int MetricsPort(int node) => ports[(3 * node) - 1];

    private string ConfigurationFile(int node) => Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"etc/lattice/node{node}.toml"));

    private string Configuration(int node)
    {
        var text = new StringBuilder();
        text.AppendLine("[cluster]").AppendLine(CultureInfo.InvariantCulture, $"name = \"{cluster}\"").AppendLine(CultureInfo.InvariantCulture, $"shards = {setup.Shards}");
        for (int peer = 1; peer <= setup.Nodes; peer++)
        {
            text.AppendLine("[[cluster.peers]]")
                .AppendLine(CultureInfo.InvariantCulture, $"id = {peer}")
                .AppendLine(CultureInfo.InvariantCulture, $"address = \"127.0.0.1:{SiloPort(peer)}\"")
                .AppendLine(CultureInfo.InvariantCulture, $"gateway = \"127.0.0.1:{GatewayPort(peer)}\"");
        }

        text.AppendLine("[storage]").AppendLine("sync_on_write = true");
        text.AppendLine("[verification]").AppendLine(CultureInfo.InvariantCulture, $"enabled = {(setup.Verify ? "true" : "false")}");
        return text.AppendLine("[metrics]").AppendLine(CultureInfo.InvariantCulture, $"address = \"127.0.0.1:{MetricsPort(node)}\"").ToString();
    }

    private void StartNode(int node)
    {
        var start = new ProcessStartInfo(setup.Binary, ["start", string.Create(CultureInfo.InvariantCulture, $"{node}"), ConfigurationFile(node)]);
        start.Environment["LATTICE_ROOT"] = folder;
        processes.Start(node, start, "Publish Lattice.Cli, or say with --lattice where the binary is.");
    }

    private async Task UntilHealthyAsync(CancellationToken cancellation) => await Patience.UntilAsync("A healthy cluster", async () =>
        await StatusAsync(cancellation).ConfigureAwait(false) is { } status && status.GetProperty("health").GetString() == "Healthy" ? "" : null, cancellation).ConfigureAwait(false);

    private async Task<JsonElement?> StatusAsync(CancellationToken cancellation)
    {
        using Process command = Command("status", "--json");
        Task<string> errors = command.StandardError.ReadToEndAsync(cancellation);
        string text = await command.StandardOutput.ReadToEndAsync(cancellation).ConfigureAwait(false);
        await errors.ConfigureAwait(false);
        await command.WaitForExitAsync(cancellation).ConfigureAwait(false);
        return text.Length == 0 ? null : JsonDocument.Parse(text).RootElement;
    }
}
