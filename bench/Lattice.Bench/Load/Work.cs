using System.Globalization;
using System.Text;

namespace Lattice.Bench.Load;

/// <summary>What one round is to do.</summary>
/// <param name="Name">Name in the tables.</param>
/// <param name="Processes">Client processes.</param>
/// <param name="Clients">Callers in each of them, each with one call under way at a time.</param>
/// <param name="ValueSize">Bytes of a value.</param>
/// <param name="ReadRatio">Share of linearizable reads, 0 to 1.</param>
/// <param name="Keys">Keys among which each call takes one.</param>
internal sealed record Work(string Name, int Processes, int Clients, int ValueSize, double ReadRatio, int Keys = 10_000)
{
    /// <summary>The works that are compared, in order.</summary>
    public static IReadOnlyList<Work> All { get; } =
    [
        new("writes-1", 1, 1, 256, 0),
        new("writes-64", 1, 64, 256, 0),
        new("writes-4x16", 4, 16, 256, 0),
        new("writes-256", 1, 256, 256, 0),
        new("reads-64", 1, 64, 256, 1),
        new("mixed-64", 1, 64, 256, 0.9),
        new("large-16", 1, 16, 64 << 10, 0),
    ];

    /// <summary>The key of a number.</summary>
    public static byte[] KeyOf(int number) => Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"bench/{number}"));

    /// <summary>In words.</summary>
    public string Description => (ReadRatio switch { 0 => "writes", 1 => "linearizable reads", _ => $"{ReadRatio:P0} reads, {1 - ReadRatio:P0} writes" })
        + (Processes > 1 ? $", {Processes} processes of {Clients} clients" : $", {Clients} client{(Clients == 1 ? "" : "s")}")
        + (ValueSize >= 1 << 10 ? $", {ValueSize >> 10} KiB" : $", {ValueSize} B");
}

/// <summary>How long a round runs.</summary>
/// <param name="Measured">Measured time.</param>
/// <param name="WarmUp">Time before, not measured.</param>
internal sealed record RoundTime(TimeSpan Measured, TimeSpan WarmUp);

/// <summary>What one round measured. Latencies in microseconds.</summary>
internal sealed record RoundResult(string Work, string Peer, double OperationsPerSecond, double P50, double P99, double P999, long Errors);
