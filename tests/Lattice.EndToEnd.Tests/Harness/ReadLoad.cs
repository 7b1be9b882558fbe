using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace Lattice.EndToEnd.Tests.Harness;

/// <summary>Readers of the counters that a <see cref="WriteLoad"/> increments: no counter ever goes back.</summary>
internal sealed class ReadLoad(ITestStore store, int readers) : IAsyncDisposable
{
    private readonly ConcurrentBag<Exception> failures = [];
    private readonly CancellationTokenSource stop = new();
    private readonly List<Task> tasks = [];
    private readonly long[] longest = new long[readers];

    /// <summary>Longest time that a reader waited for an answer since the last <see cref="ResetGap"/>.</summary>
    public TimeSpan LongestGap => Stopwatch.GetElapsedTime(0, longest.Max());

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
        string key = WriteLoad.OwnCounter(reader);
        long before = 0;
        try
        {
            while (!stop.IsCancellationRequested)
            {
                long began = Stopwatch.GetTimestamp();
                string? text = await store.GetAsync(key);
                longest[reader] = Math.Max(longest[reader], Stopwatch.GetTimestamp() - began);
                long now = text is null ? 0 : long.Parse(text, CultureInfo.InvariantCulture);
                Assert.True(now >= before, $"'{key}' was {before} and is {now} now: a read returned what was before.");
                before = now;
            }
        }
        catch (Exception e)
        {
            failures.Add(e);
        }
    }
}
