using System.Globalization;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Lattice.Bench.Peers.GrainStorage;

/// <summary>Calls the grains of the silo.</summary>
internal sealed class GrainStorageClient(IHost host) : IStoreClient
{
    private readonly IClusterClient client = host.Services.GetRequiredService<IClusterClient>();

    /// <summary>Connects to the silo with this gateway port.</summary>
    public static async Task<GrainStorageClient> ConnectAsync(string address, CancellationToken cancellation)
    {
        HostApplicationBuilder builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.UseOrleansClient(orleans => orleans.UseLocalhostClustering(int.Parse(address, CultureInfo.InvariantCulture)));
        IHost host = builder.Build();
        await host.StartAsync(cancellation).ConfigureAwait(false);
        return new GrainStorageClient(host);
    }

    /// <inheritdoc/>
    public Task WriteAsync(byte[] key, byte[] value, CancellationToken cancellation) => Grain(key).Write(value);

    /// <inheritdoc/>
    public Task ReadAsync(byte[] key, CancellationToken cancellation) => Grain(key).Read();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await host.StopAsync().ConfigureAwait(false);
        host.Dispose();
    }

    private IStoredRecordGrain Grain(byte[] key) => client.GetGrain<IStoredRecordGrain>(Encoding.ASCII.GetString(key));
}
