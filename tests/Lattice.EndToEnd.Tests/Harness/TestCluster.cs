using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Lattice.Client;
using Lattice.Grains;
using Lattice.Grains.Requests;

namespace Lattice.EndToEnd.Tests.Harness;

/// <summary>A cluster of real processes on ports and in a folder of its own.</summary>
internal sealed class TestCluster : IDisposable
{
    private readonly Dictionary<int, NodeProcess> running = [];
    private readonly Dictionary<int, (int Silo, int Gateway, int Metrics)> ports = [];
    private readonly string extra;
    private readonly int? shards;

    public TestCluster(int nodes = 3, string extra = "", int? shards = null)
    {
        this.extra = extra;
        this.shards = shards;
        Root = Directory.CreateTempSubdirectory("lattice-e2e-").FullName;
        List<int> free = FreePorts(3 * nodes);
        for (int node = 1; node <= nodes; node++)
        {
            ports[node] = (free[(3 * node) - 3], free[(3 * node) - 2], free[(3 * node) - 1]);
        }

        Directory.CreateDirectory(Path.Combine(Root, "etc/lattice"));
        foreach (int node in ports.Keys)
        {
            File.WriteAllText(ConfigurationOf(node), Configuration(node));
        }
    }

    public string Name { get; } = $"e2e-{Guid.NewGuid():N}"[..16];

    /// <summary>What stands for <c>/</c>.</summary>
    public string Root { get; }

    public IReadOnlyCollection<int> Nodes => ports.Keys;

    public IEnumerable<string> Gateways => ports.Values.Select(p => $"127.0.0.1:{p.Gateway}");

    public NodeProcess this[int node] => running[node];

    public string GatewayOf(int node) => $"127.0.0.1:{ports[node].Gateway}";

    public string MetricsOf(int node) => $"127.0.0.1:{ports[node].Metrics}";

    /// <summary>What the node's metrics endpoint says.</summary>
    public async Task<string> MetricsOfAsync(int node)
    {
        using var http = new HttpClient();
        return await http.GetStringAsync(new Uri($"http://{MetricsOf(node)}/metrics"));
    }

    /// <summary>Where the node's web page is.</summary>
    public string PageOf(int node) => $"http://127.0.0.1:{ports[node].Metrics}/";

    public int SiloPortOf(int node) => ports[node].Silo;

    public string ConfigurationOf(int node) => Path.Combine(Root, $"etc/lattice/node{node}.toml");

    public string DataOf(int node) => Path.Combine(Root, $"var/lib/lattice/node-{node}");

    public string AddressOf(int node) => $"127.0.0.1:{ports[node].Silo}";

    /// <summary>Prepares another node: its own configuration names all, those of the others name it only when that is wanted.</summary>
    public int AddNode(bool isListedByOthers)
    {
        int node = ports.Keys.Max() + 1;
        List<int> free = FreePorts(3);
        ports[node] = (free[0], free[1], free[2]);
        foreach (int written in isListedByOthers ? ports.Keys : (IEnumerable<int>)[node])
        {
            File.WriteAllText(ConfigurationOf(written), Configuration(written));
        }

        return node;
    }

    /// <summary>Takes a node out of the configurations of the others.</summary>
    public void Unlist(int node)
    {
        ports.Remove(node);
        foreach (int written in ports.Keys)
        {
            File.WriteAllText(ConfigurationOf(written), Configuration(written));
        }
    }

    /// <summary>Starts a node, with another version of the binary if that is wanted.</summary>
    public NodeProcess Start(int node, string? binary = null)
    {
        if (running.Remove(node, out NodeProcess? former))
        {
            former.Dispose();
        }

        return running[node] = new NodeProcess(node, ConfigurationOf(node), Root, binary);
    }

    public void StartAll()
    {
        foreach (int node in Nodes)
        {
            Start(node);
        }
    }

    /// <summary>The node's configuration with ports that nobody uses.</summary>
    public string ConfigurationOnOtherPorts(int node)
    {
        List<int> free = FreePorts(3);
        (int silo, int gateway, int metrics) = ports[node];
        return Configuration(node)
            .Replace($":{silo}", $":{free[0]}", StringComparison.Ordinal)
            .Replace($":{gateway}", $":{free[1]}", StringComparison.Ordinal)
            .Replace($":{metrics}", $":{free[2]}", StringComparison.Ordinal);
    }

    /// <summary>Runs the binary with this cluster's root.</summary>
    public ProcessResult Run(params string[] arguments) => RunWithInput([], arguments);

    /// <summary>Runs the binary with this cluster's root and something on its standard input.</summary>
    public ProcessResult RunWithInput(byte[] input, params string[] arguments)
    {
        var start = new ProcessStartInfo(LatticeBinary.Path, arguments);
        start.Environment["LATTICE_ROOT"] = Root;
        return ProcessResult.Of(start, input);
    }

    /// <summary>Waits until <c>lattice status</c> calls the cluster healthy.</summary>
    public void WaitUntilHealthy(TimeSpan? within = null) =>
        Eventually.Holds(() => Run("status"), r => r.Output.Contains("Healthy", StringComparison.Ordinal), within ?? TimeSpan.FromSeconds(30), Logs);

    /// <summary>Waits until every node has applied everything, and looks whether all hold the same records.</summary>
    public async Task AssertStatesAreEqualAsync()
    {
        Eventually.Holds(() => Run("status"), r => r.Output.Split('\n').Count(l => l.Contains(" lag 0 ", StringComparison.Ordinal)) == Nodes.Count, TimeSpan.FromSeconds(30), Logs);
        List<string>? first = null;
        foreach (int node in Nodes)
        {
            List<string> records = await LocalRecordsAsync(node);
            first ??= records;
            Assert.Equal(first, records);
        }
    }

    /// <summary>Node that leads the system group.</summary>
    public int LeaderNode()
    {
        ProcessResult status = Eventually.Holds(() => Run("status"), r => r.Output.Contains(" Leader ", StringComparison.Ordinal), TimeSpan.FromSeconds(15), Logs);
        string line = status.Output.Split('\n').First(l => l.Contains(" Leader ", StringComparison.Ordinal));
        return int.Parse(line.AsSpan("Node ".Length, 1), provider: null);
    }

    /// <summary>Node that leads a group.</summary>
    public int LeaderOf(uint group) => LeaderIn(Eventually.Holds(() => Run("status", "--json"), status => LeaderIn(status, group) != 0, TimeSpan.FromSeconds(15), Logs), group);

    /// <summary>Changes a setting in the configuration of one node, which takes it when it is started again.</summary>
    public void Set(int node, string from, string to)
    {
        string text = File.ReadAllText(ConfigurationOf(node));
        Assert.Contains(from, text, StringComparison.Ordinal);
        File.WriteAllText(ConfigurationOf(node), text.Replace(from, to, StringComparison.Ordinal));
    }

    public string Logs()
    {
        var text = new StringBuilder();
        foreach ((int node, NodeProcess process) in running)
        {
            string[] lines = process.Output.Split('\n');
            text.Append("--- node ").Append(node).AppendLine(process.IsRunning ? " (running)" : $" (exit {process.ExitCode})");
            text.AppendJoin('\n', lines.TakeLast(40)).AppendLine();
        }

        return text.ToString();
    }

    public void Dispose()
    {
        foreach (NodeProcess process in running.Values)
        {
            process.Dispose();
        }

        Directory.Delete(Root, recursive: true);
    }

    /// <summary>All records as this node alone has them, each as one line of key, revision, expiry and value.</summary>
    private async Task<List<string>> LocalRecordsAsync(int node)
    {
        var options = new LatticeClientOptions { ClusterName = Name };
        options.Gateways.Add(GatewayOf(node));
        await using LatticeClient client = await LatticeClient.ConnectAsync(options);
        var records = new List<string>();
        await foreach (ScannedRecord record in client.ScanAsync(consistency: ReadConsistency.Local))
        {
            records.Add($"{Encoding.UTF8.GetString(record.Key.Span)} {record.Record.Revision} {record.Record.ExpiresAt} {record.Record.Text}");
        }

        return records;
    }

    private static int LeaderIn(ProcessResult status, uint group)
    {
        if (!status.Output.StartsWith('{'))
        {
            return 0;
        }

        using JsonDocument document = JsonDocument.Parse(status.Output);
        return document.RootElement.GetProperty("nodes").EnumerateArray()
            .SelectMany(n => n.GetProperty("groups").EnumerateArray())
            .Where(g => g.GetProperty("group").GetUInt32() == group && g.GetProperty("role").GetString() == "Leader")
            .OrderByDescending(g => g.GetProperty("term").GetInt64())
            .Select(g => g.GetProperty("leader").GetInt32())
            .FirstOrDefault();
    }

    private static List<int> FreePorts(int count)
    {
        var listeners = new List<TcpListener>();
        for (int i = 0; i < count; i++)
        {
            var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            listeners.Add(listener);
        }

        List<int> free = listeners.ConvertAll(l => ((IPEndPoint)l.LocalEndpoint).Port);
        listeners.ForEach(l => l.Dispose());
        return free;
    }

    private string Configuration(int node)
    {
        var text = new StringBuilder();
        text.AppendLine("[cluster]").AppendLine($"name = \"{Name}\"").AppendLine(shards is { } count ? $"shards = {count}" : "").AppendLine();
        foreach ((int id, (int silo, int gateway, _)) in ports)
        {
            text.AppendLine("[[cluster.peers]]").AppendLine($"id = {id}").AppendLine($"address = \"127.0.0.1:{silo}\"").AppendLine($"gateway = \"127.0.0.1:{gateway}\"").AppendLine();
        }

        text.AppendLine("[metrics]").AppendLine($"address = \"127.0.0.1:{ports[node].Metrics}\"").AppendLine().AppendLine(extra);
        return text.ToString();
    }
}
