using System.CommandLine;
using Lattice.Bench;
using Lattice.Bench.Backups;
using Lattice.Bench.Etcd;
using Lattice.Bench.Lattices;

var clients = new Option<string>("--clients") { Description = "Numbers of callers, comma-separated", DefaultValueFactory = _ => "1,16,64,256" };
var seconds = new Option<int>("--seconds") { Description = "Measured seconds of each round", DefaultValueFactory = _ => 10 };
var rounds = new Option<int>("--rounds") { Description = "Rounds of each peer; medians are shown", DefaultValueFactory = _ => 3 };
var valueSize = new Option<int>("--value-size") { Description = "Bytes of a value", DefaultValueFactory = _ => 256 };
var readRatio = new Option<double>("--read-ratio") { Description = "Share of linearizable reads, 0 to 1", DefaultValueFactory = _ => 0 };
var peerNames = new Option<string>("--peers") { Description = "Peers, comma-separated: lattice, etcd", DefaultValueFactory = _ => "lattice,etcd" };
var binary = new Option<string>("--lattice") { Description = "The published binary", DefaultValueFactory = _ => "artifacts/lattice/lattice" };
var json = new Option<string?>("--json") { Description = "File for the results as JSON" };
AtLeastOne(seconds);
AtLeastOne(rounds);
clients.Validators.Add(r =>
{
    if (!Words(r.GetValueOrDefault<string>()).All(w => int.TryParse(w, out int n) && n > 0))
    {
        r.AddError("--clients has to be numbers from 1, separated by commas.");
    }
});
peerNames.Validators.Add(r =>
{
    if (!Words(r.GetValueOrDefault<string>()).All(w => w is "lattice" or "etcd"))
    {
        r.AddError("--peers can be lattice and etcd, separated by a comma.");
    }
});

var command = new RootCommand("Loads clusters of three local nodes with durable writes, in turns, and compares them.") { clients, seconds, rounds, valueSize, readRatio, peerNames, binary, json };
command.SetAction(async (parsed, cancellation) =>
{
    string folder = Directory.CreateTempSubdirectory("lattice-bench-").FullName;
    var peers = new List<IPeer>();
    try
    {
        foreach (string name in Words(parsed.GetValue(peerNames)))
        {
            peers.Add(name == "etcd" ? new EtcdPeer(Path.Combine(folder, name)) : new LatticePeer(Path.Combine(folder, name), Path.GetFullPath(parsed.GetValue(binary)!)));
            await peers[^1].StartAsync(cancellation).ConfigureAwait(false);
        }

        TimeSpan duration = TimeSpan.FromSeconds(parsed.GetValue(seconds));
        List<Work> works = [.. Words(parsed.GetValue(clients)).Select(c => new Work(int.Parse(c, null), parsed.GetValue(valueSize), parsed.GetValue(readRatio), duration, duration / 4))];
        List<RoundResult> results = await Comparison.RunAsync(peers, works, parsed.GetValue(rounds), Console.Out, cancellation).ConfigureAwait(false);
        List<Summary> summaries = Comparison.Summarize(results);
        await Comparison.PrintAsync(summaries, Console.Out).ConfigureAwait(false);
        if (parsed.GetValue(json) is { } file)
        {
            await File.WriteAllTextAsync(file, Comparison.Json(works, results), cancellation).ConfigureAwait(false);
        }
    }
    finally
    {
        foreach (IPeer peer in peers)
        {
            await peer.DisposeAsync().ConfigureAwait(false);
        }

        Directory.Delete(folder, recursive: true);
    }
});
var size = new Option<double>("--gib") { Description = "Size of the state", DefaultValueFactory = _ => 1 };
var writers = new Option<int>("--clients") { Description = "Callers that write meanwhile", DefaultValueFactory = _ => 64 };
AtLeastOne(writers);
var soak = new Command("backup", "Backs up a large state while clients write; shows memory and throughput, and fails when they are not as promised.") { size, writers, seconds, binary };
soak.SetAction(async (parsed, cancellation) =>
{
    string folder = Directory.CreateTempSubdirectory("lattice-bench-").FullName;
    try
    {
        var peer = new LatticePeer(folder, Path.GetFullPath(parsed.GetValue(binary)!));
        await using (peer.ConfigureAwait(false))
        {
            await peer.StartAsync(cancellation).ConfigureAwait(false);
            return await BackupSoak.RunAsync(peer, folder, (parsed.GetValue(size), parsed.GetValue(writers), TimeSpan.FromSeconds(parsed.GetValue(seconds))), Console.Out, cancellation).ConfigureAwait(false) ? 0 : 1;
        }
    }
    finally
    {
        Directory.Delete(folder, recursive: true);
    }
});
command.Subcommands.Add(soak);
return await command.Parse(args).InvokeAsync().ConfigureAwait(false);

static string[] Words(string? list) => (list ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

static void AtLeastOne(Option<int> option) => option.Validators.Add(r =>
{
    if (r.GetValueOrDefault<int>() < 1)
    {
        r.AddError($"{option.Name} has to be at least 1.");
    }
});
