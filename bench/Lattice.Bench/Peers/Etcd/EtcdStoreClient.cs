using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;

namespace Lattice.Bench.Peers.Etcd;

/// <summary>Calls etcd over gRPC: one connection to each node, in turns; a node that cannot be reached is passed over, as etcd's own clients do.</summary>
internal sealed class EtcdStoreClient : IStoreClient
{
    private readonly List<GrpcChannel> channels;
    private readonly List<KV.KVClient> clients;
    private int next;

    /// <summary>A client of the nodes at these addresses, separated by commas.</summary>
    public EtcdStoreClient(string address)
    {
        channels = [.. address.Split(',').Select(url => GrpcChannel.ForAddress(url))];
        clients = [.. channels.Select(channel => new KV.KVClient(channel))];
    }

    /// <inheritdoc/>
    public Task WriteAsync(byte[] key, byte[] value, CancellationToken cancellation)
    {
        var request = new PutRequest { Key = UnsafeByteOperations.UnsafeWrap(key), Value = UnsafeByteOperations.UnsafeWrap(value) };
        return CallAsync(client => client.PutAsync(request, cancellationToken: cancellation));
    }

    /// <inheritdoc/>
    public Task ReadAsync(byte[] key, CancellationToken cancellation)
    {
        var request = new RangeRequest { Key = UnsafeByteOperations.UnsafeWrap(key) };
        return CallAsync(client => client.RangeAsync(request, cancellationToken: cancellation));
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        channels.ForEach(channel => channel.Dispose());
        return ValueTask.CompletedTask;
    }

    private async Task CallAsync<T>(Func<KV.KVClient, AsyncUnaryCall<T>> call)
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                using AsyncUnaryCall<T> running = call(clients[(int)((uint)Interlocked.Increment(ref next) % clients.Count)]);
                await running.ConfigureAwait(false);
                return;
            }
            catch (RpcException e) when (e.StatusCode == StatusCode.Unavailable && attempt < clients.Count)
            {
                // The next node may be there.
            }
        }
    }
}
