using System.Diagnostics;
using Lattice.Bench.Load;
using Lattice.Bench.Peers;
using Lattice.Bench.Peers.Lattices;
using Lattice.Bench.Report;

namespace Lattice.Bench.Scaling;

/// <summary>Measures one case on a cluster of its own.</summary>
internal static class GrowthRun
{
    private const int Killed = 2;
    private const int FillersAtOnce = 1024;

    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(10);

    /// <summary>Measures.</summary>
    public static async Task<GrowthPoint> RunAsync(int value, GrowthCase at, string binary, string folder, RoundTime time, int rounds, CancellationToken cancellation)
    {
        var peer = new LatticePeer(folder, at.Setup(binary));
        await using var ending = peer.ConfigureAwait(false);
        await peer.StartAsync(cancellation).ConfigureAwait(false);
        IStoreClient store = await StoreClients.ConnectAsync(peer.Name, peer.Address, cancellation).ConfigureAwait(false);
        await using var closing = store.ConfigureAwait(false);
        await FillAsync(store, at, cancellation).ConfigureAwait(false);
        Median writes = await LoadAsync(store, at.Writes, time, rounds, cancellation).ConfigureAwait(false);
        Median reads = await LoadAsync(store, at.Reads, time, rounds, cancellation).ConfigureAwait(false);
        long memory = Enumerable.Range(1, at.Nodes).Max(peer.ResidentBytes) >> 20;
        double idle = await IdleAsync(peer, cancellation).ConfigureAwait(false);

        long began = Stopwatch.GetTimestamp();
        await peer.RunAsync(["admin", "snapshot", "1"], cancellation).ConfigureAwait(false);
        double snapshot = Stopwatch.GetElapsedTime(began).TotalSeconds;

        await peer.KillAsync(Killed).ConfigureAwait(false);
        began = Stopwatch.GetTimestamp();
        await peer.RestartAsync(Killed, cancellation).ConfigureAwait(false);
        return new GrowthPoint(
            value,
            writes.OperationsPerSecond,
            writes.P50,
            writes.P99,
            reads.OperationsPerSecond,
            reads.P50,
            reads.P99,
            memory,
            idle,
            snapshot,
            Stopwatch.GetElapsedTime(began).TotalSeconds,
            writes.Errors + reads.Errors);
    }

    private static async Task FillAsync(IStoreClient store, GrowthCase at, CancellationToken cancellation)
    {
        byte[] value = new byte[at.ValueSize];
        new Random(1).NextBytes(value);
        int atOnce = Math.Clamp((64 << 20) / at.ValueSize, 1, FillersAtOnce);
        await Parallel.ForEachAsync(
            Enumerable.Range(0, at.Records),
            new ParallelOptions { MaxDegreeOfParallelism = atOnce, CancellationToken = cancellation },
            async (i, token) => await store.WriteAsync(Work.KeyOf(i), value, token).ConfigureAwait(false)).ConfigureAwait(false);
    }

    private static async Task<Median> LoadAsync(IStoreClient store, Work work, RoundTime time, int rounds, CancellationToken cancellation)
    {
        var results = new List<RoundResult>();
        for (int round = 0; round < rounds; round++)
        {
            results.Add(Latencies.Join(work.Name, LatticePeer.PeerName, [await ClosedLoop.RunAsync(store, work, time, 0, cancellation).ConfigureAwait(false)], time.Measured));
        }

        return Median.Of(results)[0];
    }

    private static async Task<double> IdleAsync(LatticePeer peer, CancellationToken cancellation)
    {
        // What the load left to do is done.
        await Task.Delay(Settling, cancellation).ConfigureAwait(false);
        TimeSpan before = peer.ProcessorTime();
        await Task.Delay(Idle, cancellation).ConfigureAwait(false);
        return (peer.ProcessorTime() - before).TotalMilliseconds / Idle.TotalSeconds;
    }
}
