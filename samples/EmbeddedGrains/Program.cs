using EmbeddedGrains;
using Lattice.Grains;
using Lattice.Silo;
using Lattice.Silo.Configuration;
using Lattice.Silo.Membership;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

// A cluster of one node below a temporary folder. A real application has a configuration file for each of its nodes.
string root = Directory.CreateTempSubdirectory("lattice-sample-").FullName;
var paths = new LatticePaths(root);
string text = SettingsTemplate.Generate(1, [PeerSettings.WithDefaultGateway(1, "127.0.0.1:15001")], membership: null, paths);
NodeSettings settings = SettingsFile.Parse(text, "sample", node: 1, paths).Settings ?? throw new InvalidOperationException("The generated settings are valid.");
await MembershipDatabase.PrepareAsync(settings, CancellationToken.None);

HostApplicationBuilder builder = Host.CreateApplicationBuilder(args);
builder.Logging.SetMinimumLevel(LogLevel.Warning).AddFilter("Orleans", LogLevel.Error);
builder.UseOrleans(silo => silo.AddLattice(settings));
using IHost host = builder.Build();
await host.StartAsync();

IGrainFactory grains = host.Services.GetRequiredService<IGrainFactory>();
while ((await grains.GetGrain<INodeGrain>(0).Topology()).Slots.Count == 0)
{
    await Task.Delay(50);
}

ICounterGrain counter = grains.GetGrain<ICounterGrain>("visits");
for (int i = 0; i < 3; i++)
{
    Console.WriteLine($"visits: {await counter.Increment()}");
}

await host.StopAsync();
Directory.Delete(root, recursive: true);
