using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Lattice.Bench;
using Lattice.Bench.Etcd;

var clients = new Option<int[]>("--clients") { Description = "Concurrent callers of each run", DefaultValueFactory = _ => [1, 16, 64, 256], AllowMultipleArgumentsPerToken = true };
var seconds = new Option<int>("--seconds") { Description = "Measured seconds of a round", DefaultValueFactory = _ => 10 };
var rounds = new Option<int>("--rounds") { Description = "Rounds of each run, in turn between the peers", DefaultValueFactory = _ => 3 };
var valueSize = new Option<int>("--value-size") { Description = "Bytes of a value", DefaultValueFactory = _ => 256 };
var readRatio = new Option<double>("--read-ratio") { Description = "Share of linearizable reads, 0 to 1", DefaultValueFactory = _ => 0 };
var binary = new Option<string>("--lattice") { Description = "The published binary", DefaultValueFactory = _ => "artifacts/lattice/lattice" };
var peers = new Option<string[]>("--peers") { Description = "Peers to measure", DefaultValueFactory = _ => ["lattice", "etcd"], AllowMultipleArgumentsPerToken = true };
var json = new Option<FileInfo?>("--json") { Description = "File for the results of all rounds" };
var command = new RootCommand("Measures Lattice and its peers with durable writes in one run on one machine, by the same closed loop.") { clients, seconds, rounds, valueSize, readRatio, binary, peers, json };
command.SetAction(async (parsed, cancellation) =>
{
    string folder = Directory.CreateTempSubdirectory("lattice-bench-").FullName;
    var running = new List<IPeer>();
    var results = new List<RoundResult>();
    try
    {
        foreach (string name in parsed.GetValue(peers)!)
        {
            running.Add(name == "etcd" ? new EtcdPeer(folder) : new LatticePeer(parsed.GetValue(binary)!, Path.Combine(folder, "lattice")));
            await running[^1].StartAsync(cancellation).ConfigureAwait(false);
        }

        foreach (int callers in parsed.GetValue(clients)!)
        {
            var work = new Work(callers, parsed.GetValue(valueSize), parsed.GetValue(readRatio), TimeSpan.FromSeconds(parsed.GetValue(seconds)), TimeSpan.FromSeconds(2));
            for (int round = 0; round < parsed.GetValue(rounds); round++)
            {
                // In turn, so that what else the machine does hurts both.
                foreach (IPeer peer in running)
                {
                    results.Add(await ClosedLoop.RunAsync(peer, work, cancellation).ConfigureAwait(false));
                }
            }

            foreach (IGrouping<string, RoundResult> peer in results.Where(r => r.Clients == callers).GroupBy(r => r.Peer))
            {
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{callers,4} clients  {peer.Key,-8} {Median(peer.Select(r => r.OperationsPerSecond)),9:0}/s  p50 {Median(peer.Select(r => r.P50)),8:0} us  p99 {Median(peer.Select(r => r.P99)),8:0} us  p99.9 {Median(peer.Select(r => r.P999)),8:0} us  errors {peer.Sum(r => r.Errors)}"));
            }
        }
    }
    finally
    {
        foreach (IPeer peer in running)
        {
            await peer.DisposeAsync().ConfigureAwait(false);
        }

        Directory.Delete(folder, recursive: true);
    }

    if (parsed.GetValue(json) is { } file)
    {
        await File.WriteAllTextAsync(file.FullName, JsonSerializer.Serialize(results, ResultJson.Default.ListRoundResult), cancellation).ConfigureAwait(false);
    }

    return 0;
});
return await command.Parse(args).InvokeAsync().ConfigureAwait(false);

static double Median(IEnumerable<double> values)
{
    double[] sorted = [.. values.Order()];
    return sorted[sorted.Length / 2];
}
