using Lattice.Core.Replication;
using Lattice.Silo;
using Lattice.Silo.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Lattice.Cluster.Tests.Harness;

/// <summary>A node in this process, hosted as an application would host it.</summary>
internal sealed class TestNode : IAsyncDisposable
{
    private readonly IHost host;

    private TestNode(int id, IHost host) => (Id, this.host) = (id, host);

    public int Id { get; }

    public ReplicaHost Host => host.Services.GetRequiredService<ReplicaHost>();

    public IServiceProvider Services => host.Services;

    public static async Task<TestNode> StartAsync(NodeSettings settings)
    {
        HostApplicationBuilder builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(settings: null);
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromSeconds(5));
        builder.Logging.SetMinimumLevel(LogLevel.Critical);
        builder.UseOrleans(silo => silo.AddLattice(settings));
        IHost built = builder.Build();
        try
        {
            await built.StartAsync();
            return new TestNode(settings.Node, built);
        }
        catch
        {
            await DisposeAsync(built);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await host.StopAsync();
        await DisposeAsync(host);
    }

    private static ValueTask DisposeAsync(IHost host) => ((IAsyncDisposable)host).DisposeAsync();
}
