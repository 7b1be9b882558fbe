using System.CommandLine;
using Lattice.Bench.Backups;
using Lattice.Bench.Peers.Lattices;

namespace Lattice.Bench;

/// <summary><c>backup</c>: a backup of a large state under load.</summary>
internal static class BackupCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var size = new Option<double>("--gib") { Description = "Size of the state", DefaultValueFactory = _ => 1 };
        Option<int> writers = BenchOptions.Positive("--clients", "Callers that write meanwhile", 64);
        Option<int> seconds = BenchOptions.Positive("--seconds", "Measured seconds before the backup", 10);
        Option<int> rounds = BenchOptions.Positive("--rounds", "Backups, each with its measurement before; the median counts", 3);
        Option<string> binary = BenchOptions.Binary();
        var command = new Command("backup", "Backs up a large state while clients write; shows memory and throughput, and fails when they are not as promised.") { size, writers, seconds, rounds, binary };
        command.SetAction(async (parsed, cancellation) =>
        {
            string folder = Directory.CreateTempSubdirectory("lattice-bench-").FullName;
            try
            {
                var peer = new LatticePeer(folder, new LatticeSetup(Path.GetFullPath(parsed.GetValue(binary)!), Shards: 4, Verify: true));
                await using (peer.ConfigureAwait(false))
                {
                    await peer.StartAsync(cancellation).ConfigureAwait(false);
                    return await BackupSoak.RunAsync(peer, folder, (parsed.GetValue(size), parsed.GetValue(writers), TimeSpan.FromSeconds(parsed.GetValue(seconds)), parsed.GetValue(rounds)), Console.Out, cancellation).ConfigureAwait(false) ? 0 : 1;
                }
            }
            finally
            {
                Directory.Delete(folder, recursive: true);
            }
        });
        return command;
    }
}
