using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Lattice.Client;

namespace Lattice.Bench.Lattices;

/// <summary>Three local nodes of the published binary, called through one client by all callers.</summary>
internal sealed class LatticePeer(string folder, string binary) : IPeer
{
    private const int Nodes = 3;

    private readonly List<Process> processes = [];
    private LatticeClient? client;

    public string Name => "lattice";

    private LatticeClient Client => client ?? throw new InvalidOperationException("The nodes were not started.");

    public async Task StartAsync(CancellationToken cancellation)
    {
        if (!File.Exists(binary))
        {
            throw new FileNotFoundException($"There is no published binary at '{binary}'. Publish Lattice.Cli, or say with --lattice where it is.", binary);
        }

        int[] ports = FreePorts(3 * Nodes);
        string name = $"bench-{Environment.ProcessId}";
        var options = new LatticeClientOptions { ClusterName = name, RequestTimeout = TimeSpan.FromSeconds(30) };
        string configurations = Directory.CreateDirectory(Path.Combine(folder, "etc/lattice")).FullName;
        for (int node = 1; node <= Nodes; node++)
        {
            string file = Path.Combine(configurations, string.Create(CultureInfo.InvariantCulture, $"node{node}.toml"));
            await File.WriteAllTextAsync(file, Configuration(name, node, ports), cancellation).ConfigureAwait(false);
            options.Gateways.Add(string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{GatewayPort(ports, node)}"));
            processes.Add(Start(node, file));
        }

        client = await LatticeClient.ConnectAsync(options, cancellation).ConfigureAwait(false);
        await client.PutAsync("ready", "yes", cancellation: cancellation).ConfigureAwait(false);
    }

    public Task WriteAsync(byte[] key, byte[] value, CancellationToken cancellation) => Client.PutAsync(key, value, cancellation: cancellation);

    public Task ReadAsync(byte[] key, CancellationToken cancellation) => Client.GetAsync(key.AsMemory(), cancellation: cancellation);

    /// <summary>Memory of a node's process.</summary>
    public long ResidentBytes(int node)
    {
        Process process = processes[node - 1];
        process.Refresh();
        return process.WorkingSet64;
    }

    /// <summary>Starts a command of the binary on this cluster; its output is the caller's.</summary>
    public Process Command(params string[] arguments)
    {
        var start = new ProcessStartInfo(binary, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["LATTICE_ROOT"] = folder;
        return Process.Start(start) ?? throw new InvalidOperationException($"'{binary}' could not be started.");
    }

    public async ValueTask DisposeAsync()
    {
        if (client is not null)
        {
            await client.DisposeAsync().ConfigureAwait(false);
        }

        foreach (Process process in processes)
        {
            process.Kill();
            await process.WaitForExitAsync().ConfigureAwait(false);
            process.Dispose();
        }
    }

    private static int SiloPort(int[] ports, int node) => ports[(3 * node) - 3];

    private static int GatewayPort(int[] ports, int node) => ports[(3 * node) - 2];

    private static int MetricsPort(int[] ports, int node) => ports[(3 * node) - 1];

    private static string Configuration(string name, int node, int[] ports)
    {
        var text = new StringBuilder();
        text.AppendLine("[cluster]").AppendLine(CultureInfo.InvariantCulture, $"name = \"{name}\"");
        for (int peer = 1; peer <= Nodes; peer++)
        {
            text.AppendLine("[[cluster.peers]]")
                .AppendLine(CultureInfo.InvariantCulture, $"id = {peer}")
                .AppendLine(CultureInfo.InvariantCulture, $"address = \"127.0.0.1:{SiloPort(ports, peer)}\"")
                .AppendLine(CultureInfo.InvariantCulture, $"gateway = \"127.0.0.1:{GatewayPort(ports, peer)}\"");
        }

        text.AppendLine("[storage]").AppendLine("sync_on_write = true");
        return text.AppendLine("[metrics]").AppendLine(CultureInfo.InvariantCulture, $"address = \"127.0.0.1:{MetricsPort(ports, node)}\"").ToString();
    }

    // All are held until the last is found, so that none is found twice.
    private static int[] FreePorts(int count)
    {
        var listeners = new List<TcpListener>();
        for (int i = 0; i < count; i++)
        {
            var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            listeners.Add(listener);
        }

        int[] ports = [.. listeners.Select(l => ((IPEndPoint)l.LocalEndpoint).Port)];
        listeners.ForEach(l => l.Dispose());
        return ports;
    }

    private Process Start(int node, string file)
    {
        var start = new ProcessStartInfo(binary, ["start", string.Create(CultureInfo.InvariantCulture, $"{node}"), file]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["LATTICE_ROOT"] = folder;
        Process process = Process.Start(start) ?? throw new InvalidOperationException($"'{binary}' could not be started.");
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }
}
