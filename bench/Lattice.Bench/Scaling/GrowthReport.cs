using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Lattice.Bench.Load;
using Lattice.Bench.Report;

namespace Lattice.Bench.Scaling;

/// <summary>How cost grows with one thing, as a table, as JSON and as a picture.</summary>
/// <param name="Growth">What grew.</param>
/// <param name="Time">How long a round was.</param>
/// <param name="Points">What was measured.</param>
internal sealed record GrowthReport(Growth Growth, RoundTime Time, IReadOnlyList<GrowthPoint> Points)
{
    private static readonly JsonSerializerOptions JsonOptions = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    /// <summary>Everything, for programs.</summary>
    public string Json() => JsonSerializer.Serialize(new
    {
        Machine = new { Environment.ProcessorCount, Os = RuntimeInformation.OSDescription, Runtime = RuntimeInformation.FrameworkDescription },
        Growth = Growth.Name,
        Time = new { MeasuredSeconds = Time.Measured.TotalSeconds, WarmUpSeconds = Time.WarmUp.TotalSeconds },
        Points,
    }, JsonOptions);

    /// <summary>A table for people, as Markdown.</summary>
    public string Markdown()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"| {Growth.Unit} | writes/s | p50, p99 us | reads/s | p50, p99 us | MiB a node | idle ms/s | snapshot s | restart s | errors |\n| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n");
        foreach (GrowthPoint p in Points)
        {
            text.Append(CultureInfo.InvariantCulture, $"| {p.Value:N0} | {p.WritesPerSecond:N0} | {p.WriteP50:N0}, {p.WriteP99:N0} | {p.ReadsPerSecond:N0} | {p.ReadP50:N0}, {p.ReadP99:N0} | {p.NodeMiB:N0} | {p.IdleMs:N0} | {p.SnapshotSeconds:0.0} | {p.RestartSeconds:0.0} | {p.Errors} |\n");
        }

        return text.ToString();
    }

    /// <summary>Throughput and latency over what grew.</summary>
    public string Svg() => LineChart.Svg(
        Growth.Unit,
        [.. Points.Select(p => p.Value.ToString("N0", CultureInfo.InvariantCulture))],
        [
            new Line("writes/s", [.. Points.Select(p => p.WritesPerSecond)]),
            new Line("reads/s", [.. Points.Select(p => p.ReadsPerSecond)]),
            new Line("p99 of writes, us", [.. Points.Select(p => p.WriteP99)]),
            new Line("MiB a node", [.. Points.Select(p => (double)p.NodeMiB)]),
        ]);
}
