using System.Globalization;
using Lattice.Cli.Output;
using Spectre.Console;

namespace Lattice.Cli.Benchmark;

/// <summary>The report as people read it: what was asked for, then a table, and what got better or worse since an earlier run.</summary>
internal static class BenchmarkText
{
    /// <summary>Writes it.</summary>
    public static void Write(IAnsiConsole console, BenchmarkReport report)
    {
        Line(console, $"Clients: {report.Clients}   value size: {report.ValueSize} B   reads: {report.ReadRatio:P0}   measured: {report.Seconds:0.0} s");
        Line(console, $"Throughput: {report.OperationsPerSecond:N0} operations/s ({report.Operations:N0} in all)");
        console.Write(Latencies(report));
        console.WriteLine(report.Errors == 0 ? "Errors: 0" : string.Create(CultureInfo.InvariantCulture, $"Errors: {report.Errors} ({string.Join(", ", report.ErrorKinds.Select(k => $"{k.Key}: {k.Value}"))})"));
        if (report.Comparison is { } comparison)
        {
            console.WriteLine();
            Line(console, $"Against {comparison.Baseline} (worse: by more than {comparison.ThresholdPercent:0.#} %, p99 by more than {2 * comparison.ThresholdPercent:0.#} %)");
            console.Write(Changes(comparison));
            console.WriteLine(comparison.Worse.Count == 0 ? "Nothing got worse." : $"Worse: {string.Join(", ", comparison.Worse)}.");
        }
    }

    private static Table Latencies(BenchmarkReport report)
    {
        Table table = New("", "Operations", "A second", "p50", "p95", "p99", "p99.9", "Max", "Mean");
        foreach ((string name, LatencyReport? latency) in (ReadOnlySpan<(string, LatencyReport?)>)[("Writes", report.Writes), ("Reads", report.Reads)])
        {
            if (latency is not null)
            {
                Row(table, name, Number(latency.Operations), Number(latency.Operations / report.Seconds), HumanText.Microseconds(latency.P50Us), HumanText.Microseconds(latency.P95Us), HumanText.Microseconds(latency.P99Us), HumanText.Microseconds(latency.P999Us), HumanText.Microseconds(latency.MaxUs), HumanText.Microseconds(latency.MeanUs));
            }
        }

        return table;
    }

    private static Table Changes(BenchmarkComparison comparison)
    {
        Table table = New("", "Before", "Now", "Change", "");
        foreach (ComparedFigure figure in comparison.Figures)
        {
            Row(table, figure.Name, Value(figure, figure.Before), Value(figure, figure.Now), string.Create(CultureInfo.InvariantCulture, $"{figure.ChangePercent:+0.0;-0.0;0.0} %"), figure.Verdict);
        }

        return table;
    }

    private static string Value(ComparedFigure figure, double value) => figure.Unit switch
    {
        ComparedFigure.Microseconds => HumanText.Microseconds(value),
        ComparedFigure.PerSecond => $"{Number(value)}/s",
        _ => string.Create(CultureInfo.InvariantCulture, $"{value:0.000} %"),
    };

    private static Table New(params ReadOnlySpan<string> columns)
    {
        Table table = new Table().NoBorder();
        foreach (string column in columns)
        {
            table.AddColumn(new TableColumn(new Text(column)).NoWrap().PadRight(3));
        }

        return table;
    }

    private static void Row(Table table, params string[] cells) => table.AddRow(cells.Select(c => new Text(c)));

    private static string Number(double value) => string.Create(CultureInfo.InvariantCulture, $"{value:N0}");

    private static void Line(IAnsiConsole console, FormattableString text) => console.WriteLine(FormattableString.Invariant(text));
}
