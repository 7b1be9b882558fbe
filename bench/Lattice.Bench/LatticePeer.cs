using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Lattice.Client;

namespace Lattice.Bench;

/// <summary>Three local nodes of the published binary with its default settings, called through one client of the library.</summary>
internal sealed class LatticePeer(string binary, string folder) : IPeer
{
    private const int Nodes = 3;

    private readonly List<Process> processes = [];
    private LatticeClient? client;

    public string Name => "lattice";

    public async Task StartAsync(CancellationToken cancellation)
    {
        List<int> ports = FreePorts(3 * Nodes);
        string configurations = Path.Combine(folder, "etc", "lattice");
        Directory.CreateDirectory(configurations);
        var options = new LatticeClientOptions { ClusterName = "bench", RequestTimeout = TimeSpan.FromSeconds(30) };
        for (int node = 1; node <= Nodes; node++)
        {
            string file = Path.Combine(configurations, string.Create(CultureInfo.InvariantCulture, $"node{node}.toml"));
            await File.WriteAllTextAsync(file, Configuration(node, ports), cancellation).ConfigureAwait(false);
            var start = new ProcessStartInfo(binary, ["start", node.ToString(CultureInfo.InvariantCulture), file]) { RedirectStandardOutput = true, RedirectStandardError = true };
            start.Environment["LATTICE_ROOT"] = folder;
            Process process = Process.Start(start) ?? throw new InvalidOperationException($"'{binary}' could not be started: publish it first (see the README).");
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
            processes.Add(process);
            options.Gateways.Add(string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{ports[Nodes + node - 1]}"));
        }

        client = await LatticeClient.ConnectAsync(options, cancellation).ConfigureAwait(false);
        await WriteAsync("ready"u8.ToArray(), "yes"u8.ToArray(), cancellation).ConfigureAwait(false);
    }

    public Task WriteAsync(byte[] key, byte[] value, CancellationToken cancellation) => client!.PutAsync(key, value, cancellation: cancellation);

    public Task ReadAsync(byte[] key, CancellationToken cancellation) => client!.GetAsync(key, cancellation: cancellation);

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

    private static string Configuration(int node, List<int> ports)
    {
        var text = new StringBuilder("[cluster]\nname = \"bench\"\n");
        for (int i = 0; i < Nodes; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $"[[cluster.peers]]\nid = {i + 1}\naddress = \"127.0.0.1:{ports[i]}\"\ngateway = \"127.0.0.1:{ports[Nodes + i]}\"\n");
        }

        return text.Append(CultureInfo.InvariantCulture, $"[metrics]\naddress = \"127.0.0.1:{ports[(2 * Nodes) + node - 1]}\"\n").ToString();
    }

    private static List<int> FreePorts(int count)
    {
        List<TcpListener> listeners = [.. Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0))];
        listeners.ForEach(l => l.Start());
        List<int> ports = listeners.ConvertAll(l => ((IPEndPoint)l.LocalEndpoint).Port);
        listeners.ForEach(l => l.Dispose());
        return ports;
    }
}
