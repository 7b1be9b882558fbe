using Lattice.Client;

namespace Lattice.Bench.Peers.Lattices;

/// <summary>Lattice's own client, shared by all callers of a process.</summary>
internal sealed class LatticeStoreClient(LatticeClient client) : IStoreClient
{
    /// <summary>Connects to a cluster.</summary>
    /// <param name="address">Its name, then its gateways, separated by commas.</param>
    /// <param name="cancellation">Gives up.</param>
    public static async Task<LatticeStoreClient> ConnectAsync(string address, CancellationToken cancellation)
    {
        string[] parts = address.Split(',');
        var options = new LatticeClientOptions { ClusterName = parts[0], RequestTimeout = TimeSpan.FromSeconds(30) };
        foreach (string gateway in parts[1..])
        {
            options.Gateways.Add(gateway);
        }

        return new LatticeStoreClient(await LatticeClient.ConnectAsync(options, cancellation).ConfigureAwait(false));
    }

    /// <inheritdoc/>
    public Task WriteAsync(byte[] key, byte[] value, CancellationToken cancellation) => client.PutAsync(key, value, cancellation: cancellation);

    /// <inheritdoc/>
    public Task ReadAsync(byte[] key, CancellationToken cancellation) => client.GetAsync(key.AsMemory(), cancellation: cancellation);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => client.DisposeAsync();
}
