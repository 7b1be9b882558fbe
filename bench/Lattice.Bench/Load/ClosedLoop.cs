using System.Diagnostics;
using HdrHistogram;
using Lattice.Bench.Peers;

namespace Lattice.Bench.Load;

/// <summary>A closed loop: as many callers as the work says, each calling again as soon as it is answered.</summary>
internal static class ClosedLoop
{
    /// <summary>Runs one process's share of a round.</summary>
    public static async Task<Latencies> RunAsync(IStoreClient store, Work work, RoundTime time, int firstClient, CancellationToken cancellation)
    {
        var histogram = new LongConcurrentHistogram(1, Latencies.LongestMicroseconds, 3);
        long errors = 0;
        long measureFrom = Stopwatch.GetTimestamp() + (long)(time.WarmUp.TotalSeconds * Stopwatch.Frequency);
        long until = measureFrom + (long)(time.Measured.TotalSeconds * Stopwatch.Frequency);
        byte[] value = new byte[work.ValueSize];
        new Random(1).NextBytes(value);
        await Task.WhenAll(Enumerable.Range(firstClient, work.Clients).Select(client => Task.Run(() => CallAsync(client), cancellation))).ConfigureAwait(false);
        return Latencies.Of(histogram, errors);

        async Task CallAsync(int client)
        {
            var random = new Random(client);
            while (Stopwatch.GetTimestamp() < until && !cancellation.IsCancellationRequested)
            {
                byte[] key = Work.KeyOf(random.Next(work.Keys));
                long began = Stopwatch.GetTimestamp();
                bool failed = false;
                try
                {
                    await (random.NextDouble() < work.ReadRatio ? store.ReadAsync(key, cancellation) : store.WriteAsync(key, value, cancellation)).ConfigureAwait(false);
                }
                catch (Exception) when (!cancellation.IsCancellationRequested)
                {
                    // Counted: a round with errors is shown as such.
                    failed = true;
                }

                long ended = Stopwatch.GetTimestamp();
                if (began >= measureFrom && ended <= until)
                {
                    if (failed)
                    {
                        Interlocked.Increment(ref errors);
                    }
                    else
                    {
                        histogram.RecordValue(Math.Clamp((long)Stopwatch.GetElapsedTime(began, ended).TotalMicroseconds, 1, Latencies.LongestMicroseconds));
                    }
                }
            }
        }
    }
}
