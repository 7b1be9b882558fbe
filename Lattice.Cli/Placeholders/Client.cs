#pragma warning disable CS1591
using Lattice.Core.State;
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
    public ValueTask<LatticeRecord?> GetAsync(byte[] key, CancellationToken cancellationToken = default) => GetCore(key, cancellationToken);
    private async ValueTask<LatticeRecord?> GetCore(byte[] key, CancellationToken ct)
    {
        ShardReply r = await Call(key, new QueryBatchBuilder().Get(key).Build(), write: false, ct);
        RecordAnswer a = QueryResult.Decode(r.Payload, QueryKind.Get).Answers[0].Record;
        return a.Present ? new LatticeRecord { Value = a.Value, Revision = a.Revision } : null;
    }
    private async ValueTask<ShardReply> Call(byte[] key, byte[] payload, bool write, CancellationToken ct)
    {
        topology ??= await client.GetGrain<INodeGrain>(0).Topology();
        int slot = SlotHash.SlotOf(key);
        uint group = topology.Slots.Last(s => s.First <= slot).Group;
        IShardGrain shard = client.GetGrain<IShardGrain>(group);
        var request = new ShardRequest { Payload = payload, TimeoutMs = 5000 };
        long end = Environment.TickCount64 + 10000;
        while (true)
        {
            try
            {
                ShardReply reply = await (write ? shard.Write(request) : shard.Query(request)).AsTask().WaitAsync(TimeSpan.FromSeconds(1), ct);
                if (reply.Status == ShardStatus.Ok) return reply;
                if (Environment.TickCount64 > end) throw new LatticeException(reply.Message);
            }
            catch (Exception e) when (e is Orleans.Runtime.OrleansException or TimeoutException && Environment.TickCount64 < end) { }
            await Task.Delay(20, ct);
        }
    }
    private ClusterTopology? topology;
    public ValueTask<ulong> PutAsync(byte[] key, byte[] value, TimeSpan? ttl = null, CancellationToken cancellationToken = default) => PutCore(key, value, cancellationToken);
    private async ValueTask<ulong> PutCore(byte[] key, byte[] value, CancellationToken ct) => WriteResult.Decode((await Call(key, new WriteBatchBuilder().Command().Put(key, value).Build(), true, ct)).Payload)[0].Revision;
    public ValueTask<bool> DeleteAsync(byte[] key, CancellationToken cancellation = default) => DeleteCore(key, cancellation);
    private async ValueTask<bool> DeleteCore(byte[] key, CancellationToken ct) => WriteResult.Decode((await Call(key, new WriteBatchBuilder().Command().Delete(key).Build(), true, ct)).Payload)[0].Records[0].Present;
    public ValueTask<ClusterStatus> StatusAsync(int timeoutMs, CancellationToken cancellation = default) => client.GetGrain<INodeGrain>(0).Status(timeoutMs);
    public ValueTask<bool> StopNodeAsync(int node, CancellationToken cancellation = default) => client.GetGrain<INodeGrain>(0).Stop(node);
    public ValueTask<CasOutcome> CompareAndSetAsync(byte[] key, CasCondition condition, byte[] value, CancellationToken cancellation = default) => throw new LatticeException("none");
    public IAsyncEnumerable<ScanItem> ScanAsync(byte[] from, byte[]? to, int? limit, bool keysOnly, CancellationToken cancellation = default) => throw new LatticeException("none");
    public async ValueTask DisposeAsync() { await host.StopAsync(); host.Dispose(); }
}

public sealed record CasCondition(ulong? Revision, bool Absent, byte[]? Value);
public sealed record CasOutcome(bool Succeeded, ulong Revision, LatticeRecord? Present);
public sealed record ScanItem(ReadOnlyMemory<byte> Key, LatticeRecord Record);
