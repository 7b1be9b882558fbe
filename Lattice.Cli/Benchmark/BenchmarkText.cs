using System.Globalization;
using System.Text;
using Lattice.Cli.Output;

namespace Lattice.Cli.Benchmark;

/// <summary>The report as people read it.</summary>
internal static class BenchmarkText
{
    /// <summary>Renders.</summary>
    public static string Render(BenchmarkReport report)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"Clients: {report.Clients}   value size: {report.ValueSize} B   reads: {report.ReadRatio:P0}   measured: {report.Seconds:0.0} s\n");
        text.Append(CultureInfo.InvariantCulture, $"Throughput: {report.OperationsPerSecond:N0} operations/s ({report.Operations:N0} in all)\n");
        Append(text, "Writes", report.Writes);
        Append(text, "Reads", report.Reads);
        text.Append(CultureInfo.InvariantCulture, $"Errors: {report.Errors}");
        text.Append(report.Errors == 0 ? "\n" : $" ({string.Join(", ", report.ErrorKinds.Select(k => $"{k.Key}: {k.Value}"))})\n");
        return text.ToString();
    }

    private static void Append(StringBuilder text, string name, LatencyReport? latency)
    {
        if (latency is not null)
        {
            text.Append(CultureInfo.InvariantCulture, $"{name}: p50 {HumanText.Microseconds(latency.P50Us)}   p95 {HumanText.Microseconds(latency.P95Us)}   p99 {HumanText.Microseconds(latency.P99Us)}   p99.9 {HumanText.Microseconds(latency.P999Us)}   max {HumanText.Microseconds(latency.MaxUs)}   mean {HumanText.Microseconds(latency.MeanUs)}\n");
        }
    }
}
