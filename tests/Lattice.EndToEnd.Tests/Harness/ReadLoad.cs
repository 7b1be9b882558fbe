using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace Lattice.EndToEnd.Tests.Harness;

/// <summary>Readers of the counters that a <see cref="WriteLoad"/> increments: no counter ever goes back.</summary>
/// <param name="store">The store.</param>
/// <param name="writes">Whose counters are read, one by each reader.</param>
/// <param name="readers">How many at once.</param>
/// <param name="pace">How long each reader rests after a read.</param>
internal sealed class ReadLoad(ITestStore store, WriteLoad writes, int readers, TimeSpan pace = default) : IAsyncDisposable
{
    private readonly ConcurrentBag<Exception> failures = [];
    private readonly CancellationTokenSource stop = new();
    private readonly List<Task> tasks = [];
    private readonly long[] longest = new long[readers];
    private readonly long[] waitingSince = new long[readers];

    /// <summary>Longest time that a reader waited for an answer since the last <see cref="ResetGap"/>, or waits by now.</summary>
    public TimeSpan LongestGap => Stopwatch.GetElapsedTime(0, Math.Max(longest.Max(), waitingSince.Max(since => since == 0 ? 0 : Stopwatch.GetTimestamp() - since)));

    public void ResetGap() => Array.Clear(longest);

    public void Start()
    {
        for (int i = 0; i < readers; i++)
        {
            int reader = i;
            tasks.Add(Task.Run(() => ReadAsync(reader)));
        }
    }

    public async Task StopAsync()
    {
        await stop.CancelAsync();
        await Task.WhenAll(tasks);
        Assert.Empty(failures);
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await Task.WhenAll(tasks).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stop.Dispose();
    }

    private async Task ReadAsync(int reader)
    {
        string key = writes.OwnCounter(reader);
        long before = 0;
        try
        {
            while (!stop.IsCancellationRequested)
            {
                long began = Stopwatch.GetTimestamp();
                Volatile.Write(ref waitingSince[reader], began);
                string? text = await store.GetAsync(key);
                Volatile.Write(ref waitingSince[reader], 0);
                longest[reader] = Math.Max(longest[reader], Stopwatch.GetTimestamp() - began);
                long now = text is null ? 0 : long.Parse(text, CultureInfo.InvariantCulture);
                Assert.True(now >= before, $"'{key}' was {before} and is {now} now: a read returned what was before.");
                before = now;
                if (pace > TimeSpan.Zero)
                {
                    await Task.Delay(pace, stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                }
            }
        }
        catch (Exception e)
        {
            failures.Add(e);
        }
    }
}
