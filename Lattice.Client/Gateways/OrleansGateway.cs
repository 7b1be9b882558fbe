using System.Net;
using System.Net.Sockets;
using Lattice.Grains;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;

namespace Lattice.Client.Gateways;

/// <summary>
/// An Orleans client of its own for one gateway. Orleans spreads calls over gateways as it likes, and notices slowly that one is gone; with a
/// client for each, this library decides which node a call goes to and when to give one up.
/// </summary>
internal sealed class OrleansGateway(string address, LatticeClientOptions options) : IGateway, IAsyncDisposable
{
    // A gateway whose call failed is not chosen for so long, while there are others; one that has not answered anything for so long is
    // connected anew. A single slow answer among many does not cost the connection.
    private const long SuspectMs = 500;
    private const long SilentMs = 1500;

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(2);

    private readonly CancellationTokenSource disposed = new();
    private readonly Lock gate = new();
    private volatile Connection? connection;
    private Task connecting = Task.CompletedTask;
    private long suspectUntil;
    private long lastAnswer;

    private sealed record Connection(IHost Host, IClusterClient Client, int Node);

    /// <inheritdoc/>
    public int Node => connection?.Node ?? 0;

    /// <inheritdoc/>
    public bool IsConnected => connection is not null && Environment.TickCount64 >= Interlocked.Read(ref suspectUntil);

    /// <summary>Begins to connect, and goes on until connected.</summary>
    /// <returns>Completes when connected for the first time.</returns>
    public Task ConnectAsync()
    {
        lock (gate)
        {
            if (connection is null && connecting.IsCompleted && !disposed.IsCancellationRequested)
            {
                connecting = Task.Run(ConnectUntilDoneAsync);
            }

            return connecting;
        }
    }

    /// <inheritdoc/>
    public Task<ShardReply> WriteAsync(uint group, ShardRequest request) => Client.GetGrain<IShardGrain>(group).Write(request).AsTask();

    /// <inheritdoc/>
    public Task<ShardReply> QueryAsync(uint group, ShardRequest request) => Client.GetGrain<IShardGrain>(group).Query(request).AsTask();

    /// <inheritdoc/>
    public Task<ClusterTopology> TopologyAsync() => Client.GetGrain<INodeGrain>(0).Topology().AsTask();

    /// <inheritdoc/>
    public Task<ClusterStatus> StatusAsync(int timeoutMs) => Client.GetGrain<INodeGrain>(0).Status(timeoutMs).AsTask();

    /// <inheritdoc/>
    public Task<TraceStory> TraceAsync(int node, uint? group, int last, int timeoutMs) =>
        Client.GetGrain<INodeGrain>(0).Trace(node, group, last, timeoutMs).AsTask();

    /// <inheritdoc/>
    public Task<bool> StopNodeAsync(int node) => Client.GetGrain<INodeGrain>(0).Stop(node).AsTask();

    /// <inheritdoc/>
    public void Answered()
    {
        Interlocked.Exchange(ref lastAnswer, Environment.TickCount64);
        Interlocked.Exchange(ref suspectUntil, 0);
    }

    /// <inheritdoc/>
    public void Failed()
    {
        long now = Environment.TickCount64;
        Interlocked.Exchange(ref suspectUntil, now + SuspectMs);
        if (now - Interlocked.Read(ref lastAnswer) < SilentMs)
        {
            return;
        }

        lock (gate)
        {
            if (connection is not { } lost || disposed.IsCancellationRequested)
            {
                return;
            }

            connection = null;
            connecting = Task.Run(() => ReconnectAsync(lost));
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await disposed.CancelAsync().ConfigureAwait(false);
        await connecting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (connection is { } open)
        {
            await CloseAsync(open.Host).ConfigureAwait(false);
        }

        disposed.Dispose();
    }

    private IClusterClient Client => connection?.Client ?? throw new LatticeUnavailableException($"The gateway {address} is not connected.");

    /// <summary>
    /// Ends an Orleans client. It waits for calls under way, which to a lost node takes it many seconds or longer; nobody here
    /// has use for them, so after a moment it is left to end by itself.
    /// </summary>
    private static async Task CloseAsync(IHost host)
    {
        Task closing = Task.Run(async () =>
        {
            try
            {
                using var patience = new CancellationTokenSource(CloseTimeout);
                await host.StopAsync(patience.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            finally
            {
                host.Dispose();
            }
        });
        await Task.WhenAny(closing, Task.Delay(2 * CloseTimeout)).ConfigureAwait(false);
    }

    private async Task ReconnectAsync(Connection lost)
    {
        await CloseAsync(lost.Host).ConfigureAwait(false);
        await ConnectUntilDoneAsync().ConfigureAwait(false);
    }

    private async Task ConnectUntilDoneAsync()
    {
        TimeSpan pause = FirstPause;
        while (!disposed.IsCancellationRequested)
        {
            if (await TryConnectAsync().ConfigureAwait(false) is { } made)
            {
                Answered();
                connection = made;
                return;
            }

            await Task.Delay(pause, disposed.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    private async Task<Connection?> TryConnectAsync()
    {
        IHost? host = null;
        try
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(disposed.Token);
            patience.CancelAfter(ConnectTimeout);
            IPEndPoint endpoint = await ResolveAsync(patience.Token).ConfigureAwait(false);

            // Cheaper than an Orleans client that finds nobody listening.
            using (var probe = new TcpClient(endpoint.AddressFamily))
            {
                await probe.ConnectAsync(endpoint, patience.Token).ConfigureAwait(false);
            }

            host = Build(endpoint);
            await host.StartAsync(patience.Token).WaitAsync(patience.Token).ConfigureAwait(false);
            IClusterClient client = host.Services.GetRequiredService<IClusterClient>();
            int node = await client.GetGrain<INodeGrain>(0).Id().AsTask().WaitAsync(patience.Token).ConfigureAwait(false);
            return new Connection(host, client, node);
        }
        catch (Exception)
        {
            // Whatever it was, the node cannot be used now; it is tried again, and callers hear of it when no gateway is left.
            if (host is not null)
            {
                await CloseAsync(host).ConfigureAwait(false);
            }

            return null;
        }
    }

    private async Task<IPEndPoint> ResolveAsync(CancellationToken cancellation)
    {
        int colon = address.LastIndexOf(':');
        string host = address[..colon].Trim('[', ']');
        int port = int.Parse(address.AsSpan(colon + 1), System.Globalization.CultureInfo.InvariantCulture);
        IPAddress ip = IPAddress.TryParse(host, out IPAddress? literal) ? literal : (await Dns.GetHostAddressesAsync(host, cancellation).ConfigureAwait(false))[0];
        return new IPEndPoint(ip, port);
    }

    private IHost Build(IPEndPoint endpoint)
    {
        var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        if (options.LoggerFactory is not null)
        {
            builder.Services.AddSingleton(options.LoggerFactory);
        }

        // The default one would take the signals of the application's process for itself.
        builder.Services.AddSingleton<IHostLifetime, LifetimeOfItsOwner>();
        builder.UseOrleansClient(client =>
        {
            client.UseStaticClustering(endpoint);
            client.Configure<ClusterOptions>(o => (o.ClusterId, o.ServiceId) = (options.ClusterName, options.ClusterName));
            client.Configure<GatewayOptions>(o => o.GatewayListRefreshPeriod = TimeSpan.FromSeconds(1));
            client.Configure<ClientMessagingOptions>(o => o.ResponseTimeout = options.RequestTimeout);
        });
        return builder.Build();
    }

    /// <summary>The connection is opened and closed by the gateway alone.</summary>
    private sealed class LifetimeOfItsOwner : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
