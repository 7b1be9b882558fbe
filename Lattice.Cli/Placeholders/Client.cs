#pragma warning disable CS1591
using Lattice.Grains;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Hosting;

namespace Lattice.Client;

public sealed class LatticeClientOptions { public string ClusterName { get; set; } = "lattice"; public List<string> Gateways { get; } = []; public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(10); }
public sealed class LatticeRecord { public ReadOnlyMemory<byte> Value { get; init; } public ulong Revision { get; init; } public DateTimeOffset? Expires { get; init; } }
public class LatticeException(string message) : Exception(message);
public sealed class LatticeClient : IAsyncDisposable
{
    private Microsoft.Extensions.Hosting.IHost host = null!;
    private IClusterClient client = null!;
    public static async Task<LatticeClient> ConnectAsync(LatticeClientOptions options, CancellationToken cancellation = default)
    {
        var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.UseOrleansClient(c => c.UseStaticClustering(options.Gateways.Select(System.Net.IPEndPoint.Parse).ToArray()).Configure<Orleans.Configuration.ClusterOptions>(o => { o.ClusterId = options.ClusterName; o.ServiceId = options.ClusterName; }));
        IHost host = builder.Build();
        try { await host.StartAsync(cancellation); } catch (Exception e) { throw new LatticeException(e.Message); }
        return new LatticeClient { host = host, client = host.Services.GetRequiredService<IClusterClient>() };
    }
    public ValueTask<LatticeRecord?> GetAsync(byte[] key, CancellationToken cancellationToken = default) => throw new LatticeException("none");
    public ValueTask<ulong> PutAsync(byte[] key, byte[] value, TimeSpan? ttl = null, CancellationToken cancellationToken = default) => throw new LatticeException("none");
    public ValueTask<bool> DeleteAsync(byte[] key, CancellationToken cancellation = default) => throw new LatticeException("none");
    public ValueTask<ClusterStatus> StatusAsync(int timeoutMs, CancellationToken cancellation = default) => client.GetGrain<INodeGrain>(0).Status(timeoutMs);
    public ValueTask<bool> StopNodeAsync(int node, CancellationToken cancellation = default) => client.GetGrain<INodeGrain>(0).Stop(node);
    public ValueTask<CasOutcome> CompareAndSetAsync(byte[] key, CasCondition condition, byte[] value, CancellationToken cancellation = default) => throw new LatticeException("none");
    public IAsyncEnumerable<ScannedRecord> ScanAsync(byte[] from, byte[]? to, int? limit, bool keysOnly, CancellationToken cancellation = default) => throw new LatticeException("none");
    public async ValueTask DisposeAsync() { await host.StopAsync(); host.Dispose(); }
}

public sealed record CasCondition(ulong? Revision, bool Absent, byte[]? Value);
public sealed record CasOutcome(bool Succeeded, ulong Revision, LatticeRecord? Present);
public sealed record ScannedRecord(ReadOnlyMemory<byte> Key, LatticeRecord Record);
