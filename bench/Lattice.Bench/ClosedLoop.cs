using System.Diagnostics;
using System.Globalization;
using System.Text;
using HdrHistogram;

namespace Lattice.Bench;

/// <summary>What one round is to do.</summary>
/// <param name="Clients">Callers, each with one call under way at a time.</param>
/// <param name="ValueSize">Bytes of a value.</param>
/// <param name="ReadRatio">Share of reads, 0 to 1.</param>
/// <param name="Duration">Measured time.</param>
/// <param name="WarmUp">Time before, not measured.</param>
internal sealed record Work(int Clients, int ValueSize, double ReadRatio, TimeSpan Duration, TimeSpan WarmUp);

/// <summary>What one round measured. Latencies in microseconds.</summary>
internal sealed record RoundResult(string Peer, int Clients, double OperationsPerSecond, double P50, double P99, double P999, long Errors);

/// <summary>A closed loop: as many callers as the work says, each calling again as soon as it is answered.</summary>
internal static class ClosedLoop
{
    private const int Keys = 10_000;
    private const long LongestMicroseconds = 60_000_000;

    public static async Task<RoundResult> RunAsync(IPeer peer, Work work, CancellationToken cancellation)
    {
        var histogram = new LongConcurrentHistogram(1, LongestMicroseconds, 3);
        long errors = 0;
        long measureFrom = Stopwatch.GetTimestamp() + (long)(work.WarmUp.TotalSeconds * Stopwatch.Frequency);
        long until = measureFrom + (long)(work.Duration.TotalSeconds * Stopwatch.Frequency);
        byte[] value = new byte[work.ValueSize];
        new Random(1).NextBytes(value);
        await Task.WhenAll(Enumerable.Range(0, work.Clients).Select(client => Task.Run(() => CallAsync(client), cancellation))).ConfigureAwait(false);
        return new RoundResult(
            peer.Name,
            work.Clients,
            histogram.TotalCount / work.Duration.TotalSeconds,
            histogram.GetValueAtPercentile(50),
            histogram.GetValueAtPercentile(99),
            histogram.GetValueAtPercentile(99.9),
            errors);

        async Task CallAsync(int client)
        {
            var random = new Random(client);
            while (Stopwatch.GetTimestamp() < until && !cancellation.IsCancellationRequested)
            {
                byte[] key = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"bench/{random.Next(Keys)}"));
                long began = Stopwatch.GetTimestamp();
                bool failed = false;
                try
                {
                    await (random.NextDouble() < work.ReadRatio ? peer.ReadAsync(key, cancellation) : peer.WriteAsync(key, value, cancellation)).ConfigureAwait(false);
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
                        histogram.RecordValue(Math.Clamp((long)Stopwatch.GetElapsedTime(began, ended).TotalMicroseconds, 1, LongestMicroseconds));
                    }
                }
            }
        }
    }
}
