using System.Diagnostics;
using System.Globalization;
using HdrHistogram;
using Lattice.Client;

namespace Lattice.Cli.Benchmark;

/// <summary>
/// A closed loop: each caller waits for its answer before it asks again, all through one client, as an application would. After a
/// second of warm-up everything is measured.
/// </summary>
internal sealed class BenchmarkRun(LatticeClient client, BenchmarkOptions options, BenchmarkProgress progress)
{
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan CleanUpTimeout = TimeSpan.FromSeconds(30);

    /// <summary>Runs; ends early, with what was measured so far, when cancelled.</summary>
    public async Task<BenchmarkReport> RunAsync(CancellationToken cancellation)
    {
        var keys = new BenchmarkKeys(string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessId}-{Stopwatch.GetTimestamp():x}"));
        try
        {
            if (options.ReadRatio > 0)
            {
                await progress.SayAsync("writing the records to read").ConfigureAwait(false);
                await keys.FillAsync(client, options.ValueSize, cancellation).ConfigureAwait(false);
            }

            return await MeasureAsync(keys, cancellation).ConfigureAwait(false);
        }
        finally
        {
            await CleanUpAsync(keys).ConfigureAwait(false);
        }
    }

    private async Task<BenchmarkReport> MeasureAsync(BenchmarkKeys keys, CancellationToken cancellation)
    {
        long measureFrom = Stopwatch.GetTimestamp() + (long)(WarmUp.TotalSeconds * Stopwatch.Frequency);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        List<BenchmarkCaller> callers = [.. Enumerable.Range(0, options.Clients).Select(i => new BenchmarkCaller(client, keys, options, i + 1))];
        end.CancelAfter(WarmUp + options.Duration);
        Task running = Task.WhenAll(callers.Select(c => Task.Run(() => c.RunAsync(measureFrom, end.Token), CancellationToken.None)));
        await progress.ShowAsync(WarmUp, options.Duration, () => callers.Sum(c => c.Completed), end.Token).ConfigureAwait(false);
        double seconds = Math.Max(0.001, Stopwatch.GetElapsedTime(measureFrom).TotalSeconds);
        await running.ConfigureAwait(false);
        return Report(callers, seconds);
    }

    private BenchmarkReport Report(List<BenchmarkCaller> callers, double seconds)
    {
        LongHistogram writes = callers[0].Writes;
        LongHistogram reads = callers[0].Reads;
        foreach (BenchmarkCaller caller in callers.Skip(1))
        {
            writes.Add(caller.Writes);
            reads.Add(caller.Reads);
        }

        SortedDictionary<string, long> errors = new(StringComparer.Ordinal);
        foreach ((string kind, long count) in callers.SelectMany(c => c.Errors))
        {
            errors[kind] = errors.GetValueOrDefault(kind) + count;
        }

        long operations = writes.TotalCount + reads.TotalCount;
        return new BenchmarkReport
        {
            Seconds = Math.Round(seconds, 3),
            Clients = options.Clients,
            ValueSize = options.ValueSize,
            ReadRatio = options.ReadRatio,
            Operations = operations,
            OperationsPerSecond = Math.Round(operations / seconds, 1),
            Writes = LatencyReport.Of(writes),
            Reads = LatencyReport.Of(reads),
            Errors = errors.Values.Sum(),
            ErrorKinds = errors,
        };
    }

    private async Task CleanUpAsync(BenchmarkKeys keys)
    {
        using var deadline = new CancellationTokenSource(CleanUpTimeout);
        try
        {
            await keys.RemoveAsync(client, deadline.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is LatticeException or TimeoutException or OperationCanceledException)
        {
            await progress.SayAsync($"lattice: The records of this run could not all be removed ({e.Message}); they begin with 'lattice-benchmark/' and can be deleted.").ConfigureAwait(false);
        }
    }
}
