using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace Lattice.Bench.Peers.GrainStorage;

/// <summary>The process of the silo that holds the grains: its own, as an application's would be.</summary>
internal static class GrainStorageSilo
{
    /// <summary>Name of the storage provider.</summary>
    public const string Provider = "records";

    /// <summary>Runs until the process is ended.</summary>
    /// <param name="database">A peer's name: which provider.</param>
    /// <param name="connection">Connection string of the database.</param>
    /// <param name="siloPort">Port for silos.</param>
    /// <param name="gatewayPort">Port for clients.</param>
    /// <param name="cancellation">Ends it.</param>
    public static Task RunAsync(string database, string connection, int siloPort, int gatewayPort, CancellationToken cancellation)
    {
        HostApplicationBuilder builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.UseOrleans(silo =>
        {
            silo.UseLocalhostClustering(siloPort, gatewayPort);
            if (database == GrainStoragePeer.Redis)
            {
                silo.AddRedisGrainStorage(Provider, options => options.ConfigurationOptions = ConfigurationOptions.Parse(connection));
            }
            else
            {
                silo.AddAdoNetGrainStorage(Provider, options => (options.Invariant, options.ConnectionString) = ("Npgsql", connection));
            }
        });
        return builder.Build().RunAsync(cancellation);
    }
}
