using System.Diagnostics;
using System.Globalization;
using System.Text;
using Lattice.Bench.Load;
using Lattice.Bench.Peers;
using Lattice.Bench.Peers.Lattices;

namespace Lattice.Bench.Backups;

/// <summary>
/// A backup of a large state while clients write: how much memory the node and the command need more than before, and how much of their throughput the clients keep.
/// </summary>
internal static class BackupSoak
{
    private const int Node = 1;
    private const int RecordBytes = 64 << 10;
    private const int FillersAtOnce = 16;
    private const int ValueBytes = 256;
    private const long MostBytesMore = 100L << 20;
    private const double LeastShare = 0.7;

    private static readonly TimeSpan Round = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan SampleInterval = TimeSpan.FromMilliseconds(100);

    // A backup gives way to everybody else; one that takes longer than this has failed.
    private static readonly TimeSpan LongestBackup = TimeSpan.FromMinutes(10);

    /// <summary>Fills a cluster, and measures and backs up in turns, so that a machine whose speed changes changes both; prints.</summary>
    /// <returns>Whether memory stayed below its limit in every round, and the median round kept the promised share of the throughput.</returns>
    public static async Task<bool> RunAsync(LatticePeer peer, string folder, (double GiB, int Clients, TimeSpan Seconds, int Rounds) what, TextWriter output, CancellationToken cancellation)
    {
        long began = Stopwatch.GetTimestamp();
        IStoreClient store = await StoreClients.ConnectAsync(peer.Name, peer.Address, cancellation).ConfigureAwait(false);
        await using var closing = store.ConfigureAwait(false);
        await FillAsync(store, (int)(what.GiB * (1 << 30) / RecordBytes), cancellation).ConfigureAwait(false);
        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"filled {what.GiB} GiB in {Stopwatch.GetElapsedTime(began).TotalSeconds:0} s")).ConfigureAwait(false);

        var shares = new List<double>();
        bool isFlat = true;
        for (int round = 0; round < what.Rounds; round++)
        {
            var before = new MemoryPeak();
            using (before.Watch(() => peer.ResidentBytes(Node), () => true, SampleInterval))
            {
                RoundResult usual = await LoadAsync(store, what.Clients, new RoundTime(what.Seconds, what.Seconds / 2), cancellation).ConfigureAwait(false);
                await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"before: {usual.OperationsPerSecond:0} writes/s, p99 {usual.P99:0} us; node {Node} has {MiB(before.Bytes)} MiB at most")).ConfigureAwait(false);
                (double share, bool staysFlat) = await BackUpAsync(peer, store, folder, what.Clients, (usual.OperationsPerSecond, before.Bytes), output, cancellation).ConfigureAwait(false);
                shares.Add(share);
                isFlat &= staysFlat;
            }
        }

        double median = shares.Order().ElementAt(shares.Count / 2);
        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"median of {shares.Count} rounds: {median:P0} of before (at least {LeastShare:P0})")).ConfigureAwait(false);
        return isFlat && median >= LeastShare;
    }

    private static async Task<(double Share, bool IsFlat)> BackUpAsync(LatticePeer peer, IStoreClient store, string folder, int clients, (double OperationsPerSecond, long NodeBytes) before, TextWriter output, CancellationToken cancellation)
    {
        string file = Path.Combine(folder, "backup.tar.gz");
        long began = Stopwatch.GetTimestamp();
        using Process command = peer.Command("backup", string.Create(CultureInfo.InvariantCulture, $"{Node}"), file);
        Task<string> said = command.StandardError.ReadToEndAsync(cancellation);
        Task<string> printed = command.StandardOutput.ReadToEndAsync(cancellation);
        var (node, cli) = (new MemoryPeak(), new MemoryPeak());
        var rates = new List<double>();
        using (node.Watch(() => peer.ResidentBytes(Node), () => true, SampleInterval))
        using (cli.Watch(() => Resident(command), () => File.Exists(file + ".partial"), SampleInterval))
        {
            while (!command.HasExited)
            {
                if (Stopwatch.GetElapsedTime(began) > LongestBackup)
                {
                    command.Kill();
                    throw new TimeoutException($"The backup did not end within {LongestBackup.TotalMinutes} minutes.");
                }

                rates.Add((await LoadAsync(store, clients, new RoundTime(Round, TimeSpan.Zero), cancellation).ConfigureAwait(false)).OperationsPerSecond);
            }
        }

        await command.WaitForExitAsync(cancellation).ConfigureAwait(false);
        (string result, string errors) = (await printed.ConfigureAwait(false), await said.ConfigureAwait(false));
        if (command.ExitCode != 0)
        {
            throw new InvalidOperationException($"The backup failed: {errors}");
        }

        // The last round ran partly without a backup.
        double during = rates.Count > 1 ? rates.SkipLast(1).Average() : rates[0];
        double share = during / before.OperationsPerSecond;
        (long nodeMore, long cliMore) = (node.Bytes - before.NodeBytes, cli.Bytes - cli.First);
        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"backup: {result.Trim()} Whole command {Stopwatch.GetElapsedTime(began).TotalSeconds:0} s, file {MiB(new FileInfo(file).Length)} MiB")).ConfigureAwait(false);
        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"during: {during:0} writes/s ({string.Join(", ", rates.Select(rate => rate.ToString("0", CultureInfo.InvariantCulture)))}; {Round.TotalSeconds:0} s each), {share:P0} of before")).ConfigureAwait(false);
        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"memory: node {Node} {MiB(node.Bytes)} MiB at most, {MiB(nodeMore)} more; command {MiB(cli.First)} MiB when connected, {MiB(cli.Bytes)} at most, {MiB(cliMore)} more (each less than {MiB(MostBytesMore)})")).ConfigureAwait(false);
        return (share, nodeMore < MostBytesMore && cliMore < MostBytesMore);
    }

    private static async Task FillAsync(IStoreClient store, int records, CancellationToken cancellation) =>
        await Parallel.ForEachAsync(Enumerable.Range(0, records), new ParallelOptions { MaxDegreeOfParallelism = FillersAtOnce, CancellationToken = cancellation }, async (i, token) =>
        {
            byte[] value = new byte[RecordBytes];
            new Random(i).NextBytes(value);
            await store.WriteAsync(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"fill/{i}")), value, token).ConfigureAwait(false);
        }).ConfigureAwait(false);

    private static async Task<RoundResult> LoadAsync(IStoreClient store, int clients, RoundTime time, CancellationToken cancellation)
    {
        var work = new Work("backup", 1, clients, ValueBytes, 0);
        return Latencies.Join(work.Name, LatticePeer.PeerName, [await ClosedLoop.RunAsync(store, work, time, 0, cancellation).ConfigureAwait(false)], time.Measured);
    }

    private static long Resident(Process process)
    {
        process.Refresh();
        return process.HasExited ? 0 : process.WorkingSet64;
    }

    private static long MiB(long bytes) => bytes >> 20;
}
