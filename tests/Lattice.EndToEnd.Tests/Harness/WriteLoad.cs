using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace Lattice.EndToEnd.Tests.Harness;

/// <summary>
/// Concurrent writers that remember what was acknowledged: each writes records of its own, increments a counter of its
/// own by compare-and-set, and takes part in counters that all share, by transaction. Afterwards every acknowledged write must be
/// there, and no increment may be there twice.
/// </summary>
/// <param name="store">The store.</param>
/// <param name="writers">How many at once.</param>
/// <param name="name">What its keys begin with, where one load follows another.</param>
/// <param name="pace">How long each writer rests after three writes.</param>
internal sealed class WriteLoad(ITestStore store, int writers, string name = "", TimeSpan pace = default) : IAsyncDisposable
{
    private const int SharedCounters = 8;

    private readonly ConcurrentDictionary<string, string> acknowledged = new(StringComparer.Ordinal);
    private readonly ConcurrentBag<Exception> failures = [];
    private readonly CancellationTokenSource stop = new();
    private readonly long[] ownCounters = new long[writers];
    private readonly long[] sharedIncrements = new long[SharedCounters];
    private readonly List<Task> tasks = [];
    private long lastAcknowledged = Stopwatch.GetTimestamp();
    private long count;
    private long longestGap;

    /// <summary>Writes acknowledged so far.</summary>
    public long Acknowledged => Interlocked.Read(ref count);

    /// <summary>Longest time without any acknowledgement since the last <see cref="ResetGap"/>.</summary>
    public TimeSpan LongestGap => Stopwatch.GetElapsedTime(0, Math.Max(Interlocked.Read(ref longestGap), Stopwatch.GetTimestamp() - Interlocked.Read(ref lastAcknowledged)));

    public void ResetGap() => Interlocked.Exchange(ref longestGap, 0);

    public void Start()
    {
        for (int i = 0; i < writers; i++)
        {
            int writer = i;
            tasks.Add(Task.Run(() => WriteAsync(writer)));
        }
    }

    /// <summary>Waits until so many more writes have been acknowledged.</summary>
    public void WaitForMore(int writes)
    {
        long target = Acknowledged + writes;
        Eventually.Holds(() => Acknowledged, c => c >= target || !failures.IsEmpty, TimeSpan.FromSeconds(60));
        Assert.Empty(failures);
    }

    public async Task StopAsync()
    {
        await stop.CancelAsync();
        await Task.WhenAll(tasks);
        Assert.Empty(failures);
    }

    /// <summary>Reads everything back.</summary>
    public async Task VerifyAsync(ITestStore from)
    {
        await Parallel.ForEachAsync(acknowledged, new ParallelOptions { MaxDegreeOfParallelism = 64 }, async (pair, _) =>
            Assert.True(await from.GetAsync(pair.Key) == pair.Value, $"'{pair.Key}' was acknowledged and is not there."));
        for (int i = 0; i < writers; i++)
        {
            Assert.Equal((i, ownCounters[i]), (i, Number(await from.GetAsync(OwnCounter(i)))));
        }

        for (int i = 0; i < SharedCounters; i++)
        {
            Assert.Equal((i, Interlocked.Read(ref sharedIncrements[i])), (i, Number(await from.GetAsync(SharedCounter(i)))));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await Task.WhenAll(tasks).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stop.Dispose();
    }

    /// <summary>The counter that only this writer increments.</summary>
    public string OwnCounter(int writer) => $"{name}own/{writer}";

    private string SharedCounter(int counter) => $"{name}shared/{counter}";

    private static long Number(string? text) => text is null ? 0 : long.Parse(text, CultureInfo.InvariantCulture);

    private async Task WriteAsync(int writer)
    {
        try
        {
            for (int n = 0; !stop.IsCancellationRequested; n++)
            {
                string key = $"{name}record/{writer}/{n}";
                string value = $"{key} {new string((char)('a' + (n % 26)), 200)}";
                await store.PutAsync(key, value);
                acknowledged[key] = value;
                Note();

                await store.SetIfUnchangedAsync(OwnCounter(writer), n == 0 ? null : Text(n), Text(n + 1));
                ownCounters[writer] = n + 1;
                Note();

                int shared = (writer + n) % SharedCounters;
                await store.IncrementAsync(SharedCounter(shared));
                Interlocked.Increment(ref sharedIncrements[shared]);
                Note();
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

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private void Note()
    {
        long now = Stopwatch.GetTimestamp();
        long before = Interlocked.Exchange(ref lastAcknowledged, now);
        Interlocked.Increment(ref count);
        long gap = now - before;
        long longest = Interlocked.Read(ref longestGap);
        while (gap > longest)
        {
            long seen = Interlocked.CompareExchange(ref longestGap, gap, longest);
            if (seen == longest)
            {
                break;
            }

            longest = seen;
        }
    }
}
