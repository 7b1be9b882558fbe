using System.Globalization;
using Lattice.Bench.Load;
using Lattice.Bench.Peers;
using Lattice.Bench.Report;

namespace Lattice.Bench;

/// <summary>Loads the peers in turns, one at a time, so that what the machine does meanwhile meets all of them alike.</summary>
internal static class Comparison
{
    /// <summary>Runs all works, and kills leaders if asked to.</summary>
    /// <param name="peers">The peers, started.</param>
    /// <param name="works">What to do.</param>
    /// <param name="time">How long a round is.</param>
    /// <param name="rounds">Rounds of each work and peer.</param>
    /// <param name="killLeaders">Whether leaders are killed at the end, so many times.</param>
    /// <param name="output">Told of each round.</param>
    /// <param name="cancellation">Gives up.</param>
    public static async Task<RunReport> RunAsync(IReadOnlyList<IPeer> peers, IReadOnlyList<Work> works, RoundTime time, int rounds, bool killLeaders, TextWriter output, CancellationToken cancellation)
    {
        var stores = new Dictionary<string, IStoreClient>();
        try
        {
            foreach (IPeer peer in peers)
            {
                stores[peer.Name] = await StoreClients.ConnectAsync(peer.Name, peer.Address, cancellation).ConfigureAwait(false);
            }

            var results = new List<RoundResult>();
            foreach (Work work in works)
            {
                for (int round = 1; round <= rounds; round++)
                {
                    foreach (IPeer peer in peers)
                    {
                        RoundResult result = work.Processes > 1
                            ? await ClientProcesses.RunAsync(peer, work, time, cancellation).ConfigureAwait(false)
                            : Latencies.Join(work.Name, peer.Name, [await ClosedLoop.RunAsync(stores[peer.Name], work, time, 0, cancellation).ConfigureAwait(false)], time.Measured);
                        cancellation.ThrowIfCancellationRequested();
                        results.Add(result);
                        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"  {work.Name,-12} {peer.Name,-20} round {round}: {result.OperationsPerSecond,9:0} /s   p50 {result.P50,7:0} us   p99 {result.P99,7:0} us   errors {result.Errors}")).ConfigureAwait(false);
                    }
                }
            }

            var losses = new List<LeaderLossResult>();
            for (int round = 1; killLeaders && round <= rounds; round++)
            {
                foreach (IReplicatedPeer peer in peers.OfType<IReplicatedPeer>())
                {
                    LeaderLossResult loss = await LeaderLoss.RunAsync(peer, stores[peer.Name], cancellation).ConfigureAwait(false);
                    losses.Add(loss);
                    await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"  leader killed {peer.Name,-18} round {round}: {loss.WithoutWritesMs:0} ms without writes")).ConfigureAwait(false);
                }
            }

            return new RunReport(peers, time, results, losses);
        }
        finally
        {
            foreach (IStoreClient store in stores.Values)
            {
                await store.DisposeAsync().ConfigureAwait(false);
            }
        }
    }
}
