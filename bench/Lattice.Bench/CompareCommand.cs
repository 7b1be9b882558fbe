using System.CommandLine;
using Lattice.Bench.Load;
using Lattice.Bench.Peers;
using Lattice.Bench.Peers.Lattices;
using Lattice.Bench.Report;

namespace Lattice.Bench;

/// <summary><c>compare</c>: the same work for all peers, in turns.</summary>
internal static class CompareCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var works = new Option<string>("--works") { Description = $"What to do, comma-separated: {string.Join(", ", Work.All.Select(w => w.Name))}", DefaultValueFactory = _ => string.Join(',', Work.All.Select(w => w.Name)) };
        var peers = new Option<string>("--peers") { Description = $"With whom, comma-separated: {string.Join(", ", StoreClients.Names)}", DefaultValueFactory = _ => "lattice,etcd" };
        var seconds = BenchOptions.Positive("--seconds", "Measured seconds of each round", 10);
        var warmUp = BenchOptions.Positive("--warm-up", "Seconds before, not measured", 3);
        var rounds = BenchOptions.Positive("--rounds", "Rounds of each work and peer; medians are shown", 5);
        var shards = BenchOptions.Positive("--shards", "Lattice's data groups", 1);
        var verify = new Option<bool>("--verify") { Description = "Whether Lattice verifies writes before it acknowledges them", DefaultValueFactory = _ => true };
        var kill = new Option<bool>("--kill-leaders") { Description = "Kill leaders at the end, once a round" };
        var binary = BenchOptions.Binary();
        var json = new Option<string?>("--json") { Description = "File for the results as JSON" };
        var svg = new Option<string?>("--svg") { Description = "File for the picture" };
        works.AcceptWords(Work.All.Select(w => w.Name));
        peers.AcceptWords(StoreClients.Names);
        var command = new Command("compare", "Loads the peers with durable writes, in turns, and compares them.") { works, peers, seconds, warmUp, rounds, shards, verify, kill, binary, json, svg };
        command.SetAction(async (parsed, cancellation) =>
        {
            var setup = new LatticeSetup(Path.GetFullPath(parsed.GetValue(binary)!), parsed.GetValue(shards), parsed.GetValue(verify));
            var time = new RoundTime(TimeSpan.FromSeconds(parsed.GetValue(seconds)), TimeSpan.FromSeconds(parsed.GetValue(warmUp)));
            List<Work> chosen = [.. BenchOptions.Words(parsed.GetValue(works)).Select(name => Work.All.First(w => w.Name == name))];
            string folder = Directory.CreateTempSubdirectory("lattice-bench-").FullName;
            var started = new List<IPeer>();
            try
            {
                foreach (string name in BenchOptions.Words(parsed.GetValue(peers)))
                {
                    started.Add(StoreClients.Create(name, Path.Combine(folder, name), setup));
                    await started[^1].StartAsync(cancellation).ConfigureAwait(false);
                }

                RunReport report = await Comparison.RunAsync(started, chosen, time, parsed.GetValue(rounds), parsed.GetValue(kill), Console.Error, cancellation).ConfigureAwait(false);
                await Console.Out.WriteAsync(report.Markdown()).ConfigureAwait(false);
                await BenchOptions.WriteAsync(parsed.GetValue(json), report.Json(), cancellation).ConfigureAwait(false);
                await BenchOptions.WriteAsync(parsed.GetValue(svg), BarChart.Svg(report.Medians), cancellation).ConfigureAwait(false);
            }
            finally
            {
                foreach (IPeer peer in started)
                {
                    await peer.DisposeAsync().ConfigureAwait(false);
                }

                Directory.Delete(folder, recursive: true);
            }
        });
        return command;
    }
}
