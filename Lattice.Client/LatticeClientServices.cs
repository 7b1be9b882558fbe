using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Lattice.Client;

/// <summary>Registers a client with an application's services.</summary>
public static class LatticeClientServices
{
    /// <summary>Adds a <see cref="LatticeClient"/> that is connected when the application starts and closed when it ends.</summary>
    public static IServiceCollection AddLatticeClient(this IServiceCollection services, Action<LatticeClientOptions> configure)
    {
        services.AddSingleton(provider =>
        {
            var options = new LatticeClientOptions { LoggerFactory = provider.GetService<ILoggerFactory>() };
            configure(options);
            return new ClientConnection(options);
        });
        services.AddHostedService(provider => provider.GetRequiredService<ClientConnection>());
        services.AddSingleton(provider => provider.GetRequiredService<ClientConnection>().Client);
        return services;
    }

    private sealed class ClientConnection(LatticeClientOptions options) : IHostedService, IAsyncDisposable
    {
        private LatticeClient? client;

        public LatticeClient Client => client ?? throw new InvalidOperationException("The Lattice client is connected when the application starts; it cannot be used before.");

        public async Task StartAsync(CancellationToken cancellationToken) => client = await LatticeClient.ConnectAsync(options, cancellationToken).ConfigureAwait(false);

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public ValueTask DisposeAsync() => client?.DisposeAsync() ?? ValueTask.CompletedTask;
    }
}
