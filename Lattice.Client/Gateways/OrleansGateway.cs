using System.Net;
using System.Net.Sockets;
using Lattice.Grains;
using Lattice.Grains.Access;
using Lattice.Grains.Streams;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;

namespace Lattice.Client.Gateways;

/// <summary>
/// An Orleans client of its own for one gateway, and beside it a connection for the requests of groups. Orleans spreads calls over gateways as it likes, and notices slowly that one is
/// gone; with a client for each, this library decides which node a call goes to and when to give one up.
/// </summary>
internal sealed class OrleansGateway(string address, LatticeClientOptions options) : IGateway, IAsyncDisposable
{
    // A gateway whose call failed is not chosen for so long, while there are others; one that has not answered anything for so long is
    // connected anew. A single slow answer among many does not cost the connection.
    private const long SuspectMs = 500;
    private const long SilentMs = 1500;

    // A node that stops has ended its connections by then.
    private const long StoppingMs = 10_000;

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromMilliseconds(200);

    // A connection takes a fraction of a second, on a machine that is very busy several; an attempt that is given up begins all over. Other gateways do not wait for it.
    private static readonly TimeSpan FirstPatience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestPatience = TimeSpan.FromSeconds(10);

    private readonly CancellationTokenSource disposed = new();
    private readonly Lock gate = new();
    private volatile Connection? connection;
    private Task connecting = Task.CompletedTask;
    private TaskCompletionSource outcome = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile LatticeAccessException? refusal;
    private long suspectUntil;
    private long lastAnswer;

    /// <summary>An Orleans client that is connected to the gateway.</summary>
    /// <param name="Host">Its host.</param>
    /// <param name="Client">The client.</param>
    /// <param name="Requests">The connection for requests; null: the node takes none, and they go as calls.</param>
    /// <param name="Node">The node.</param>
    /// <param name="Ended">Cancelled when a connection has ended: at once when the node's process is killed.</param>
    private sealed record Connection(IHost Host, IClusterClient Client, RequestConnection? Requests, int Node, CancellationToken Ended)
    {
        /// <summary>Until when, since its node stops, nothing is asked of it while there are others.</summary>
        public long LeftAloneUntil { get; set; }
    }

    /// <inheritdoc/>
    public int Node => connection?.Node ?? 0;

    /// <inheritdoc/>
    public bool IsConnected => connection is not null;

    /// <summary>Whether a call through it failed a moment ago, or its node stops: others are better.</summary>
    public bool IsSuspect => Environment.TickCount64 < Math.Max(Interlocked.Read(ref suspectUntil), connection?.LeftAloneUntil ?? 0);

    /// <summary>Why this client was not let in the last time; null: it was, or there was no answer.</summary>
    public LatticeAccessException? Refusal => connection is null ? refusal : null;

    /// <summary>Begins to connect, and goes on until connected.</summary>
    /// <returns>Completes when connected for the first time; fails with a <see cref="LatticeAccessException"/> when this client is not let in.</returns>
    public Task ConnectAsync()
    {
        lock (gate)
        {
            if (connection is null && connecting.IsCompleted && !disposed.IsCancellationRequested)
            {
                outcome = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                connecting = Task.Run(ConnectUntilDoneAsync);
            }

            return outcome.Task;
        }
    }

    /// <inheritdoc/>
    public Task<ShardReply> WriteAsync(uint group, ShardRequest request) => connection?.Requests is { } requests
        ? requests.CallAsync(RequestKind.Write, group, request)
        : CallAsync(client => client.GetGrain<IShardGrain>(group).Write(request));

    /// <inheritdoc/>
    public Task<ShardReply> QueryAsync(uint group, ShardRequest request) => connection?.Requests is { } requests
        ? requests.CallAsync(request.Consistency == ReadConsistency.Local ? RequestKind.LocalQuery : RequestKind.LinearizableQuery, group, request)
        : CallAsync(client => client.GetGrain<IShardGrain>(group).Query(request));

    /// <inheritdoc/>
    public Task<ClusterTopology> TopologyAsync() => CallAsync(client => client.GetGrain<INodeGrain>(0).Topology());

    /// <inheritdoc/>
    public Task<ClusterStatus> StatusAsync(int timeoutMs) => CallAsync(client => client.GetGrain<INodeGrain>(0).Status(timeoutMs));

    /// <inheritdoc/>
    public Task<TraceStory> TraceAsync(int node, uint? group, int last, int timeoutMs) =>
        CallAsync(client => client.GetGrain<INodeGrain>(0).Trace(node, group, last, timeoutMs));

    /// <inheritdoc/>
    public Task<bool> StopNodeAsync(int node) => CallAsync(client => client.GetGrain<INodeGrain>(0).Stop(node));

    /// <inheritdoc/>
    public Task<DrillReply> DrillAsync(int node, string kind, uint group, string who) => CallAsync(client => client.GetGrain<INodeGrain>(0).Drill(node, kind, group, who));

    /// <inheritdoc/>
    public Task<IncidentHistory> IncidentsAsync() => CallAsync(client => client.GetGrain<INodeGrain>(0).Incidents());

    /// <inheritdoc/>
    public Task<VerifyProgress> VerifyAsync(int node, bool begin) => CallAsync(client => client.GetGrain<INodeGrain>(0).Verify(node, begin));

    /// <inheritdoc/>
    public Task<T> AdminAsync<T>(Func<IAdminGrain, ValueTask<T>> ask) => CallAsync(client => ask(client.GetGrain<IAdminGrain>(0)));

    /// <inheritdoc/>
    public Task<BackupTicket> BackupOpenAsync(int node, Guid id, string who) => CallAsync(client => client.GetGrain<INodeGrain>(0).BackupOpen(node, id, who));

    /// <inheritdoc/>
    public Task<BackupPart> BackupReadAsync(int node, Guid id, long number) => CallAsync(client => client.GetGrain<INodeGrain>(0).BackupRead(node, id, number));

    /// <inheritdoc/>
    public Task BackupCloseAsync(int node, Guid id, bool isWhole) => CallAsync(async client =>
    {
        await client.GetGrain<INodeGrain>(0).BackupClose(node, id, isWhole).ConfigureAwait(false);
        return true;
    });

    /// <inheritdoc/>
    public void Answered()
    {
        Interlocked.Exchange(ref lastAnswer, Environment.TickCount64);
        Interlocked.Exchange(ref suspectUntil, 0);
    }

    /// <inheritdoc/>
    public void Stops()
    {
        if (connection is { } stopping)
        {
            stopping.LeftAloneUntil = Environment.TickCount64 + StoppingMs;
        }
    }

    /// <inheritdoc/>
    public void Failed()
    {
        long now = Environment.TickCount64;
        Interlocked.Exchange(ref suspectUntil, now + SuspectMs);
        if (now - Interlocked.Read(ref lastAnswer) >= SilentMs && connection is { } silent)
        {
            Lose(silent);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await disposed.CancelAsync().ConfigureAwait(false);
        await connecting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (connection is { } open)
        {
            await CloseAsync(open).ConfigureAwait(false);
        }

        disposed.Dispose();
    }

    /// <summary>A call that fails as soon as the connection ends. Orleans lets it wait until it times out.</summary>
    private async Task<T> CallAsync<T>(Func<IClusterClient, ValueTask<T>> call)
    {
        Connection used = connection ?? throw new LatticeUnavailableException($"The gateway {address} is not connected.");
        Task<T> answer = call(used.Client).AsTask();
        try
        {
            return await answer.WaitAsync(used.Ended).ConfigureAwait(false);
        }
        catch (AccessRefusedException e)
        {
            throw new LatticeAccessException(e.Refusal, e.Message, e);
        }
        catch (OperationCanceledException e) when (used.Ended.IsCancellationRequested)
        {
            Observe(answer);
            throw new LatticeUnavailableException($"The connection to node {used.Node} at {address} ended.", e);
        }
    }

    /// <summary>It may fail later, when nobody listens any more.</summary>
    private static void Observe(Task task) => _ = task.ContinueWith(static t => _ = t.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);

    /// <summary>Gives a connection up and connects anew.</summary>
    private void Lose(Connection lost)
    {
        lock (gate)
        {
            if (connection != lost || disposed.IsCancellationRequested)
            {
                return;
            }

            connection = null;
            outcome = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            connecting = Task.Run(() => ReconnectAsync(lost));
        }
    }

    private static Task CloseAsync(Connection connection)
    {
        connection.Requests?.Dispose();
        return CloseAsync(connection.Host);
    }

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
        await CloseAsync(lost).ConfigureAwait(false);
        await ConnectUntilDoneAsync().ConfigureAwait(false);
    }

    private async Task ConnectUntilDoneAsync()
    {
        TimeSpan pause = FirstPause;
        TimeSpan patience = FirstPatience;
        while (!disposed.IsCancellationRequested)
        {
            try
            {
                if (await TryConnectAsync(patience).ConfigureAwait(false) is { } made)
                {
                    Answered();
                    refusal = null;
                    connection = made;
                    outcome.TrySetResult();
                    made.Ended.Register(() => Lose(made));
                    return;
                }
            }
            catch (LatticeAccessException e)
            {
                // Told to whoever waits. It may be let in later, when its token is known there or its certificate was renewed.
                refusal = e;
                outcome.TrySetException(e);
            }

            await Task.Delay(pause, disposed.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            patience = patience * 2 < LongestPatience ? patience * 2 : LongestPatience;
        }

        // Whoever still waits for the connection waits no longer.
        outcome.TrySetCanceled();
    }

    private async Task<Connection?> TryConnectAsync(TimeSpan within)
    {
        IHost? host = null;

        // Set when this client was not let in, by whichever call or connection learns of it first.
        var refused = new TaskCompletionSource<Connection?>(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(disposed.Token);
            patience.CancelAfter(within);
            IPEndPoint endpoint = await ResolveAsync(patience.Token).ConfigureAwait(false);

            // Cheaper than an Orleans client that finds nobody listening.
            using (var probe = new TcpClient(endpoint.AddressFamily))
            {
                await probe.ConnectAsync(endpoint, patience.Token).ConfigureAwait(false);
            }

            var end = new CancellationTokenSource();
            host = Build(endpoint, end, refused);
            Task<Connection?> opening = OpenAsync(host, endpoint, end, patience.Token);
            Task<Connection?> first = await Task.WhenAny(opening, refused.Task).ConfigureAwait(false);
            if (first != opening)
            {
                Observe(opening);
            }

            Observe(refused.Task);
            return await first.ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // Whatever it was, the node cannot be used now; it is tried again, and callers hear of it when no gateway is left.
            if (host is not null)
            {
                await CloseAsync(host).ConfigureAwait(false);
            }

            if (refused.Task.IsFaulted)
            {
                // Why it was not let in says more than what came of that.
                await refused.Task.ConfigureAwait(false);
            }

            return e is LatticeAccessException or TlsFilesException ? throw new LatticeAccessException((e as LatticeAccessException)?.Refusal, e.Message, e) : null;
        }
    }

    private async Task<Connection?> OpenAsync(IHost host, IPEndPoint endpoint, CancellationTokenSource end, CancellationToken patience)
    {
        await host.StartAsync(patience).WaitAsync(patience).ConfigureAwait(false);
        IClusterClient client = host.Services.GetRequiredService<IClusterClient>();
        int node = await client.GetGrain<INodeGrain>(0).Id().AsTask().WaitAsync(patience).ConfigureAwait(false);
        RequestConnection? requests = await RequestConnection.OpenAsync(endpoint, options.Token, LatticeCredentials.HandshakeOf(options.Tls), patience).ConfigureAwait(false);
        _ = requests?.Ended.ContinueWith(_ => end.CancelAsync(), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        return new Connection(host, client, requests, node, end.Token);
    }

    private async Task<IPEndPoint> ResolveAsync(CancellationToken cancellation)
    {
        int colon = address.LastIndexOf(':');
        string host = address[..colon].Trim('[', ']');
        int port = int.Parse(address.AsSpan(colon + 1), System.Globalization.CultureInfo.InvariantCulture);
        IPAddress ip = IPAddress.TryParse(host, out IPAddress? literal) ? literal : (await Dns.GetHostAddressesAsync(host, cancellation).ConfigureAwait(false))[0];
        return new IPEndPoint(ip, port);
    }

    private IHost Build(IPEndPoint endpoint, CancellationTokenSource end, TaskCompletionSource<Connection?> refused)
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
            client.Show(
                options.Token,
                options.Tls,
                refusal => refused.TrySetException(new LatticeAccessException(refusal.Refusal, refusal.Message, refusal)),
                problem => refused.TrySetException(new LatticeAccessException(null, $"The connection to the gateway {address} cannot be used: {problem}. Nothing was done. Check the certificate, its key and the authority that this client was given ([security] tls_certificate, tls_key and tls_ca of the configuration, in an application LatticeClientOptions.Tls), and whether the cluster uses TLS at all.")));
            client.Configure<GatewayOptions>(o => o.GatewayListRefreshPeriod = TimeSpan.FromSeconds(1));
            client.Configure<ClientConnectionOptions>(o => o.ConfigureConnection(connections => connections.Use(async (_, next) =>
            {
                try
                {
                    await next().ConfigureAwait(false);
                }
                finally
                {
                    await end.CancelAsync().ConfigureAwait(false);
                }
            })));
            client.Configure<ClientMessagingOptions>(o => o.ResponseTimeout = options.RequestTimeout);
            if (ClientActivity.Source.HasListeners())
            {
                // Costs something with each call, so only where the application makes traces when it connects.
                client.AddActivityPropagation();
            }
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
