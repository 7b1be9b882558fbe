using System.Globalization;
using System.Net;
using System.Net.Sockets;
using EmbeddedGrains;
using Lattice.Grains;
using Lattice.Silo;
using Lattice.Silo.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

string root = Directory.CreateTempSubdirectory("lattice-sample-").FullName;
try
{
    HostApplicationBuilder builder = Host.CreateApplicationBuilder(args);
    builder.Logging.SetMinimumLevel(LogLevel.Warning);
    builder.UseOrleans(silo => silo.AddLattice(OneNode(root)));
    using IHost host = builder.Build();
    await host.StartAsync();
    IGrainFactory grains = host.Services.GetRequiredService<IGrainFactory>();
    await ReadyAsync(grains);

    ICounterGrain visits = grains.GetGrain<ICounterGrain>("visits");
    long value = 0;
    for (int i = 0; i < 10; i++)
    {
        value = await visits.AddAsync(1);
    }

    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Counter 'visits' is {value} after ten additions."));
    await host.StopAsync();
    return value == 10 ? 0 : 1;
}
finally
{
    Directory.Delete(root, recursive: true);
}

// A cluster of one node, below a folder of its own and on ports that nobody uses.
static NodeSettings OneNode(string root)
{
    var paths = new LatticePaths(root);
    Directory.CreateDirectory(paths.DataRoot);
    int[] ports = FreePorts(3);
    string text = SettingsTemplate.Generate(
        1,
        [new PeerSettings(1, Address(ports[0]), Address(ports[1]))],
        membership: null,
        paths,
        new Dictionary<string, object>(StringComparer.Ordinal) { ["metrics.address"] = Address(ports[2]) });
    SettingsResult result = SettingsFile.Parse(text, "node1.toml", 1, paths);
    return result.Settings ?? throw new InvalidOperationException(string.Join(Environment.NewLine, result.Errors));
}

static string Address(int port) => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}");

static int[] FreePorts(int count)
{
    TcpListener[] listeners = [.. Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0))];
    Array.ForEach(listeners, l => l.Start());
    int[] ports = [.. listeners.Select(l => ((IPEndPoint)l.LocalEndpoint).Port)];
    Array.ForEach(listeners, l => l.Dispose());
    return ports;
}

// The first node of a cluster needs a moment to found it and to have leaders elected.
static async Task ReadyAsync(IGrainFactory grains)
{
    using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
    while (true)
    {
        ClusterStatus status = await grains.GetGrain<INodeGrain>(0).Status(1000);
        if (status.Nodes is [{ Groups.Count: > 1 } node] && node.Groups.All(g => g.Leader != 0))
        {
            return;
        }

        await Task.Delay(100, patience.Token);
    }
}
