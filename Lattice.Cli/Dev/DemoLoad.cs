using System.Diagnostics;
using System.Text;
using Lattice.Client;

namespace Lattice.Cli.Dev;

/// <summary>Writers that go on through the loss of a leader, and know how long one of them had to wait for it.</summary>
internal sealed class DemoLoad(LatticeClient client, int records, int writers)
{
    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(20);

    private int next = -1;
    private int acknowledged;
    private long lossAt = long.MaxValue;
    private long longestWait;

    /// <summary>Writes acknowledged so far.</summary>
    public int Acknowledged => Volatile.Read(ref acknowledged);

    /// <summary>The longest that a write waited after the loss.</summary>
    public TimeSpan LongestWait => Stopwatch.GetElapsedTime(0, Volatile.Read(ref longestWait));

    /// <summary>Key of a record.</summary>
    public static byte[] Key(int i) => Encoding.UTF8.GetBytes($"demo/{i:0000}");

    /// <summary>Its value.</summary>
    public static byte[] Value(int i) => Encoding.UTF8.GetBytes($"record {i} {new string('x', 200)}");

    /// <summary>Says that the leader is lost now.</summary>
    public void MarkLoss() => Volatile.Write(ref lossAt, Stopwatch.GetTimestamp());

    /// <summary>Writes all records.</summary>
    public Task RunAsync(CancellationToken cancellation) => Task.WhenAll(Enumerable.Range(0, writers).Select(_ => Task.Run(() => WriteAsync(cancellation), cancellation)));

    private async Task WriteAsync(CancellationToken cancellation)
    {
        for (int i = Interlocked.Increment(ref next); i < records; i = Interlocked.Increment(ref next))
        {
            long started = Stopwatch.GetTimestamp();
            while (!await TryAsync(i, cancellation).ConfigureAwait(false))
            {
                await Task.Delay(RetryPause, cancellation).ConfigureAwait(false);
            }

            Interlocked.Increment(ref acknowledged);
            Note(started);
        }
    }

    private async Task<bool> TryAsync(int i, CancellationToken cancellation)
    {
        try
        {
            await client.PutAsync(Key(i), Value(i), cancellation: cancellation).ConfigureAwait(false);
            return true;
        }
        catch (LatticeException)
        {
            // Refused or unknown: the same record again is the same state. The tour bounds the whole.
            return false;
        }
    }

    private void Note(long started)
    {
        long now = Stopwatch.GetTimestamp();
        long loss = Volatile.Read(ref lossAt);
        if (now <= loss)
        {
            return;
        }

        long waited = now - Math.Max(started, loss);
        long longest = Volatile.Read(ref longestWait);
        while (waited > longest)
        {
            long seen = Interlocked.CompareExchange(ref longestWait, waited, longest);
            if (seen == longest)
            {
                break;
            }

            longest = seen;
        }
    }
}
