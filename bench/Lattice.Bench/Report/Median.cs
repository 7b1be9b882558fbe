using Lattice.Bench.Load;

namespace Lattice.Bench.Report;

/// <summary>What all rounds of one peer at one work come to: the median of each figure. Latencies in microseconds.</summary>
internal sealed record Median(string Work, string Peer, double OperationsPerSecond, double P50, double P99, double P999, long Errors)
{
    /// <summary>The medians of all works and peers, in the order of their first rounds.</summary>
    public static List<Median> Of(IEnumerable<RoundResult> results) => [.. results.GroupBy(r => (r.Work, r.Peer)).Select(g => Of([.. g]))];

    /// <summary>The one in the middle; of an even number the mean of the two.</summary>
    public static double Middle(IEnumerable<double> figures)
    {
        double[] sorted = [.. figures.Order()];
        int middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    private static Median Of(IReadOnlyList<RoundResult> rounds) => new(
        rounds[0].Work,
        rounds[0].Peer,
        Middle(rounds.Select(r => r.OperationsPerSecond)),
        Middle(rounds.Select(r => r.P50)),
        Middle(rounds.Select(r => r.P99)),
        Middle(rounds.Select(r => r.P999)),
        rounds.Sum(r => r.Errors));
}
