using System.Text;
using Lattice.Client;

namespace Lattice.Cli.Benchmark;

/// <summary>The records that the load works on: a fixed number, under a prefix of their own, gone afterwards.</summary>
internal sealed class BenchmarkKeys
{
    private const int Count = 10_000;
    private const int Concurrency = 256;

    private readonly byte[][] keys;

    /// <summary>Makes the keys.</summary>
    /// <param name="run">Tells this run's keys from those of others.</param>
    public BenchmarkKeys(string run) => keys = [.. Enumerable.Range(0, Count).Select(i => Encoding.UTF8.GetBytes($"lattice-benchmark/{run}/{i:00000}"))];

    /// <summary>One of them.</summary>
    public byte[] Pick(Random random) => keys[random.Next(keys.Length)];

    /// <summary>Writes all, so that reads find something.</summary>
    public Task FillAsync(LatticeClient client, int valueSize, CancellationToken cancellation)
    {
        byte[] value = new byte[valueSize];
        return ForAllAsync(async (key, token) => await client.PutAsync(key, value, cancellation: token).ConfigureAwait(false), cancellation);
    }

    /// <summary>Removes all.</summary>
    public Task RemoveAsync(LatticeClient client, CancellationToken cancellation) =>
        ForAllAsync(async (key, token) => await client.DeleteAsync(key, token).ConfigureAwait(false), cancellation);

    private Task ForAllAsync(Func<byte[], CancellationToken, ValueTask> action, CancellationToken cancellation) =>
        Parallel.ForEachAsync(keys, new ParallelOptions { MaxDegreeOfParallelism = Concurrency, CancellationToken = cancellation }, action);
}
