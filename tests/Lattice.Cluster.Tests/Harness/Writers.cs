using System.Collections.Concurrent;
using System.Globalization;
using Lattice.Client;

namespace Lattice.Cluster.Tests.Harness;

/// <summary>Clients that write all the time, and remember what was acknowledged.</summary>
internal sealed class Writers : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly LatticeClient client;
    private readonly ConcurrentDictionary<string, string> acknowledged = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource stop = new();
    private readonly Task[] writers;
    private int count;

    public Writers(LatticeClient client, int writers)
    {
        this.client = client;
        this.writers = [.. Enumerable.Range(0, writers).Select(WriteAsync)];
    }

    /// <summary>Waits for so many acknowledgements from now on.</summary>
    public Task UntilMoreAsync(int more)
    {
        int wanted = Volatile.Read(ref count) + more;
        return Eventually.Holds(() => Volatile.Read(ref count) >= wanted || Array.Exists(writers, w => w.IsFaulted), Patience, $"{more} more writes are acknowledged");
    }

    /// <summary>Ends the writing and reads everything back.</summary>
    public async Task<Dictionary<string, string>> VerifyAsync()
    {
        await stop.CancelAsync();
        await Task.WhenAll(writers);
        foreach ((string key, string value) in acknowledged)
        {
            Assert.Equal(value, (await client.GetAsync(key))?.Text);
        }

        return new Dictionary<string, string>(acknowledged, StringComparer.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await Task.WhenAll(writers);
        stop.Dispose();
    }

    private async Task WriteAsync(int writer)
    {
        for (int i = 0; !stop.IsCancellationRequested; i++)
        {
            // Keys are written again and again, so that a write that came too late would show.
            string key = string.Create(CultureInfo.InvariantCulture, $"key-{writer}-{i % 20}");
            string value = string.Create(CultureInfo.InvariantCulture, $"value-{i}");
            await client.PutAsync(key, value);
            acknowledged[key] = value;
            Interlocked.Increment(ref count);
        }
    }
}
