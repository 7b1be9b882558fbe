using System.Globalization;
using System.Text.Json;

namespace Lattice.Bench;

/// <summary>What all rounds of one peer at one number of clients come to: the median of each figure. Latencies in microseconds.</summary>
internal sealed record Summary(string Peer, int Clients, double OperationsPerSecond, double P50, double P99, double P999, long Errors)
{
    public static Summary Of(IReadOnlyList<RoundResult> rounds) => new(
        rounds[0].Peer,
        rounds[0].Clients,
        Median(rounds, r => r.OperationsPerSecond),
        Median(rounds, r => r.P50),
        Median(rounds, r => r.P99),
        Median(rounds, r => r.P999),
        rounds.Sum(r => r.Errors));

    private static double Median(IEnumerable<RoundResult> rounds, Func<RoundResult, double> figure)
    {
        double[] sorted = [.. rounds.Select(figure).Order()];
        int middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}

/// <summary>Loads the peers in turns, one at a time, so that what the machine does meanwhile meets all of them alike.</summary>
internal static class Comparison
{
    private static readonly JsonSerializerOptions JsonOptions = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    public static async Task<List<RoundResult>> RunAsync(IReadOnlyList<IPeer> peers, IReadOnlyList<Work> works, int rounds, TextWriter output, CancellationToken cancellation)
    {
        var results = new List<RoundResult>();
        foreach (Work work in works)
        {
            for (int round = 1; round <= rounds; round++)
            {
                foreach (IPeer peer in peers)
                {
                    RoundResult result = await ClosedLoop.RunAsync(peer, work, cancellation).ConfigureAwait(false);
                    cancellation.ThrowIfCancellationRequested();
                    results.Add(result);
                    await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"  {peer.Name,-8} {work.Clients,4} clients, round {round}: {result.OperationsPerSecond,9:0} /s")).ConfigureAwait(false);
                }
            }
        }

        return results;
    }

    public static string Json(IReadOnlyList<Work> works, IReadOnlyList<RoundResult> results) =>
        JsonSerializer.Serialize(new { Works = works, Medians = Summarize(results), Rounds = results }, JsonOptions);

    public static List<Summary> Summarize(IEnumerable<RoundResult> results) =>
        [.. results.GroupBy(r => (r.Clients, r.Peer)).Select(g => Summary.Of([.. g]))];

    public static async Task PrintAsync(IReadOnlyList<Summary> summaries, TextWriter output)
    {
        await output.WriteLineAsync().ConfigureAwait(false);
        await output.WriteLineAsync("clients  peer          ops/s    p50 us    p99 us  p99.9 us  errors  ratio lattice/etcd").ConfigureAwait(false);
        foreach (Summary s in summaries)
        {
            Summary? etcd = s.Peer == "lattice" ? summaries.FirstOrDefault(o => o.Clients == s.Clients && o.Peer == "etcd") : null;
            string ratio = etcd is { OperationsPerSecond: > 0 } ? string.Create(CultureInfo.InvariantCulture, $"{s.OperationsPerSecond / etcd.OperationsPerSecond:0.00}") : "";
            await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{s.Clients,7}  {s.Peer,-8} {s.OperationsPerSecond,10:0} {s.P50,9:0} {s.P99,9:0} {s.P999,9:0} {s.Errors,7}  {ratio,6}").TrimEnd()).ConfigureAwait(false);
        }
    }
}
