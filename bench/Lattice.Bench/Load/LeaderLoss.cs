using System.Diagnostics;
using System.Globalization;
using System.Text;
using Lattice.Bench.Peers;

namespace Lattice.Bench.Load;

/// <summary>What a lost leader cost.</summary>
/// <param name="Peer">The peer.</param>
/// <param name="WithoutWritesMs">The longest time that passed between two acknowledged writes of one caller, milliseconds. Callers have keys of their own, so that every shard counts.</param>
internal sealed record LeaderLossResult(string Peer, double WithoutWritesMs);

/// <summary>Kills a leader while clients write, and measures for how long one of them waits.</summary>
internal static class LeaderLoss
{
    private const int Clients = 16;
    private const int ValueBytes = 256;

    private static readonly TimeSpan Before = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan After = TimeSpan.FromSeconds(10);

    // What an application waits before it tries again.
    private static readonly TimeSpan AttemptTimeout = TimeSpan.FromSeconds(1);

    /// <summary>One round; the killed node runs again afterwards.</summary>
    public static async Task<LeaderLossResult> RunAsync(IReplicatedPeer peer, IStoreClient store, CancellationToken cancellation)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        long killedAt = long.MaxValue;
        double[] longest = new double[Clients];
        Task[] writers = [.. Enumerable.Range(0, Clients).Select(client => Task.Run(() => WriteAsync(client), CancellationToken.None))];
        await Task.Delay(Before, cancellation).ConfigureAwait(false);
        Volatile.Write(ref killedAt, Stopwatch.GetTimestamp());
        int node = await peer.KillLeaderAsync(cancellation).ConfigureAwait(false);
        await Task.Delay(After, cancellation).ConfigureAwait(false);
        await end.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(writers).ConfigureAwait(false);
        await peer.RestartAsync(node, cancellation).ConfigureAwait(false);
        return new LeaderLossResult(peer.Name, longest.Max());

        async Task WriteAsync(int client)
        {
            byte[] key = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"loss/{client}"));
            byte[] value = new byte[ValueBytes];
            long last = Stopwatch.GetTimestamp();
            while (!end.IsCancellationRequested)
            {
                try
                {
                    using var attempt = CancellationTokenSource.CreateLinkedTokenSource(end.Token);
                    attempt.CancelAfter(AttemptTimeout);
                    await store.WriteAsync(key, value, attempt.Token).ConfigureAwait(false);
                }
                catch (Exception)
                {
                    // Not acknowledged: tried again at once, as an application would.
                    continue;
                }

                long now = Stopwatch.GetTimestamp();
                if (now > Volatile.Read(ref killedAt))
                {
                    longest[client] = Math.Max(longest[client], Stopwatch.GetElapsedTime(last, now).TotalMilliseconds);
                }

                last = now;
            }

            // Whoever still waits at the end has waited since.
            longest[client] = Math.Max(longest[client], Stopwatch.GetElapsedTime(last).TotalMilliseconds);
        }
    }
}
