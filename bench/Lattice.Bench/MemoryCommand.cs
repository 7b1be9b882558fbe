using System.CommandLine;
using System.Globalization;
using Lattice.Bench.Load;
using Lattice.Bench.Peers;
using Lattice.Bench.Peers.Lattices;

namespace Lattice.Bench;

/// <summary><c>memory</c>: whether the nodes' memory stays where it is under a load that lasts.</summary>
internal static class MemoryCommand
{
    private const double MostGrowth = 1.1;
    private const int FewestMinutes = 3;

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var minutes = BenchOptions.Positive("--minutes", "How long", 30);
        minutes.Validators.Add(r =>
        {
            if (r.GetValueOrDefault<int>() < FewestMinutes)
            {
                r.AddError($"--minutes has to be at least {FewestMinutes}: thirds of it are compared.");
            }
        });
        var clients = BenchOptions.Positive("--clients", "Callers, of whom half of the calls are reads", 64);
        var binary = BenchOptions.Binary();
        var command = new Command("memory", $"Loads a cluster for long and shows each node's memory every minute; fails when the mean of the last third is above {MostGrowth:0.0} times that of the middle third.") { minutes, clients, binary };
        command.SetAction(async (parsed, cancellation) =>
        {
            string folder = Directory.CreateTempSubdirectory("lattice-bench-").FullName;
            try
            {
                var setup = new LatticeSetup(Path.GetFullPath(parsed.GetValue(binary)!), Shards: 4, Verify: true);
                var peer = new LatticePeer(folder, setup);
                await using (peer.ConfigureAwait(false))
                {
                    await peer.StartAsync(cancellation).ConfigureAwait(false);
                    return await RunAsync(peer, setup.Nodes, new Work("memory", 1, parsed.GetValue(clients), 256, 0.5), parsed.GetValue(minutes), cancellation).ConfigureAwait(false) ? 0 : 1;
                }
            }
            finally
            {
                Directory.Delete(folder, recursive: true);
            }
        });
        return command;
    }

    private static async Task<bool> RunAsync(LatticePeer peer, int nodes, Work work, int minutes, CancellationToken cancellation)
    {
        IStoreClient store = await StoreClients.ConnectAsync(peer.Name, peer.Address, cancellation).ConfigureAwait(false);
        await using var closing = store.ConfigureAwait(false);
        var seen = new List<long[]>();
        await Console.Out.WriteLineAsync($"| minute | operations/s | {string.Join(" | ", Enumerable.Range(1, nodes).Select(node => $"node {node}, MiB"))} |\n| ---: | ---: |{string.Concat(Enumerable.Repeat(" ---: |", nodes))}").ConfigureAwait(false);
        for (int minute = 1; minute <= minutes; minute++)
        {
            var time = new RoundTime(TimeSpan.FromMinutes(1), TimeSpan.Zero);
            RoundResult round = Latencies.Join(work.Name, peer.Name, [await ClosedLoop.RunAsync(store, work, time, 0, cancellation).ConfigureAwait(false)], time.Measured);
            seen.Add([.. Enumerable.Range(1, nodes).Select(node => peer.ResidentBytes(node) >> 20)]);
            await Console.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"| {minute} | {round.OperationsPerSecond:N0} | {string.Join(" | ", seen[^1])} |")).ConfigureAwait(false);
        }

        int third = seen.Count / 3;
        double growth = Enumerable.Range(0, nodes).Max(node => seen.TakeLast(third).Average(m => m[node]) / seen.SkipLast(third).TakeLast(third).Average(m => m[node]));
        await Console.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"The last third against the middle third, of the node where it is most: {growth:0.00} (at most {MostGrowth:0.0}).")).ConfigureAwait(false);
        return growth <= MostGrowth;
    }
}
