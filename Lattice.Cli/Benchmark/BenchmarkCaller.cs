using System.Diagnostics;
using HdrHistogram;
using Lattice.Client;

namespace Lattice.Cli.Benchmark;

/// <summary>One caller of the load: a loop with one operation in flight, measuring into histograms of its own.</summary>
internal sealed class BenchmarkCaller
{
    private const long LongestUs = 120_000_000;
    private const int Digits = 3;

    private static readonly TimeSpan ErrorPause = TimeSpan.FromMilliseconds(10);

    private readonly LatticeClient client;
    private readonly BenchmarkKeys keys;
    private readonly BenchmarkOptions options;
    private readonly Random random;
    private readonly byte[] value;
    private long completed;

    /// <summary>Makes a caller.</summary>
    public BenchmarkCaller(LatticeClient client, BenchmarkKeys keys, BenchmarkOptions options, int seed)
    {
        this.client = client;
        this.keys = keys;
        this.options = options;
        random = new Random(seed);
        value = new byte[options.ValueSize];
        random.NextBytes(value);
    }

    /// <summary>Latencies of writes, in microseconds.</summary>
    public LongHistogram Writes { get; } = new(LongestUs, Digits);

    /// <summary>Latencies of reads.</summary>
    public LongHistogram Reads { get; } = new(LongestUs, Digits);

    /// <summary>Errors by kind.</summary>
    public Dictionary<string, long> Errors { get; } = new(StringComparer.Ordinal);

    /// <summary>Operations done, warm-up included; for progress.</summary>
    public long Completed => Volatile.Read(ref completed);

    /// <summary>Calls until cancelled; what is done before <paramref name="measureFrom"/> is warm-up.</summary>
    public async Task RunAsync(long measureFrom, CancellationToken until)
    {
        while (!until.IsCancellationRequested)
        {
            bool read = options.ReadRatio > 0 && random.NextDouble() < options.ReadRatio;
            byte[] key = keys.Pick(random);
            long start = Stopwatch.GetTimestamp();
            try
            {
                await (read ? ReadAsync(key) : WriteAsync(key)).ConfigureAwait(false);
            }
            catch (Exception e) when (e is LatticeException or TimeoutException)
            {
                if (start >= measureFrom)
                {
                    Errors[e.GetType().Name] = Errors.GetValueOrDefault(e.GetType().Name) + 1;
                }

                await Task.Delay(ErrorPause, CancellationToken.None).ConfigureAwait(false);
                continue;
            }

            Volatile.Write(ref completed, completed + 1);
            if (start >= measureFrom && !until.IsCancellationRequested)
            {
                long us = (long)Stopwatch.GetElapsedTime(start).TotalMicroseconds;
                (read ? Reads : Writes).RecordValue(Math.Clamp(us, 1, LongestUs));
            }
        }
    }

    private async Task WriteAsync(byte[] key) => await client.PutAsync(key, value).ConfigureAwait(false);

    private async Task ReadAsync(byte[] key) => await client.GetAsync(key).ConfigureAwait(false);
}
