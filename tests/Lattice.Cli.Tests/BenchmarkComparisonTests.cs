using System.Text.Json;
using Lattice.Cli.Benchmark;

namespace Lattice.Cli.Tests;

public sealed class BenchmarkComparisonTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("lattice-baseline-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void A_run_like_the_one_before_is_not_worse() =>
        Assert.Empty(Compare(Run(), Run(perSecond: 9_200, p50: 4_300, p99: 11_800)).Worse);

    [Fact]
    public void Less_throughput_beyond_the_threshold_is_worse() =>
        Assert.Equal(["throughput"], Compare(Run(), Run(perSecond: 8_900)).Worse);

    [Fact]
    public void More_latency_beyond_the_threshold_is_worse() =>
        Assert.Equal(["writes p50"], Compare(Run(), Run(p50: 4_500)).Worse);

    [Fact]
    public void The_tail_scatters_more_and_may_change_twice_as_much()
    {
        Assert.Empty(Compare(Run(), Run(p99: 11_900)).Worse);
        Assert.Equal(["writes p99"], Compare(Run(), Run(p99: 12_100)).Worse);
    }

    [Fact]
    public void The_threshold_is_the_operators() =>
        Assert.Equal(["throughput"], BenchmarkComparison.Of(Run(), Run(perSecond: 9_700), "before.json", thresholdPercent: 2).Worse);

    [Fact]
    public void Errors_that_were_not_there_before_are_worse_unless_they_are_very_few()
    {
        Assert.Empty(Compare(Run(), Run(errors: 50)).Worse);
        Assert.Equal(["errors"], Compare(Run(), Run(errors: 200)).Worse);
        Assert.Empty(Compare(Run(errors: 300), Run(errors: 200)).Worse);
    }

    [Fact]
    public void What_got_better_is_said_too()
    {
        ComparedFigure throughput = Compare(Run(), Run(perSecond: 20_000)).Figures[0];

        Assert.Equal(("throughput", 100.0, ComparedFigure.Better), (throughput.Name, throughput.ChangePercent, throughput.Verdict));
    }

    [Fact]
    public void Reads_are_compared_when_both_runs_had_some()
    {
        BenchmarkReport before = Run() with { Reads = new LatencyReport(100, 1, 1_000, 1_500, 2_000, 3_000, 4_000) };
        BenchmarkReport now = Run() with { Reads = new LatencyReport(100, 1, 1_200, 1_500, 2_000, 3_000, 4_000) };

        Assert.Equal(["reads p50"], Compare(before, now).Worse);
        Assert.DoesNotContain(Compare(before, Run()).Figures, f => f.Name.StartsWith("reads", StringComparison.Ordinal));
    }

    [Fact]
    public void A_baseline_is_what_was_printed_as_JSON()
    {
        string file = Write(JsonSerializer.Serialize(Run() with { Comparison = Compare(Run(), Run()) }, CliJson.Indented.BenchmarkReport));

        BenchmarkBaseline baseline = BenchmarkBaseline.Read(file, Options());

        Assert.Equal((10_000, 4_000), (baseline.Report.OperationsPerSecond, baseline.Report.Writes!.P50Us));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("not JSON")]
    public void A_file_that_is_none_is_refused_before_anything_is_measured(string content)
    {
        var refused = Assert.Throws<CommandFailedException>(() => BenchmarkBaseline.Read(Write(content), Options()));

        Assert.Equal(ExitCodes.Usage, refused.ExitCode);
        Assert.Contains("Nothing was measured", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_with_another_load_is_no_baseline()
    {
        string file = Write(JsonSerializer.Serialize(Run(), CliJson.Indented.BenchmarkReport));

        var refused = Assert.Throws<CommandFailedException>(() => BenchmarkBaseline.Read(file, Options() with { Clients = 16 }));

        Assert.Contains("--clients 64", refused.Message, StringComparison.Ordinal);
        Assert.Contains("--clients 16", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_text_ends_with_tables_and_says_what_got_worse()
    {
        var text = new StringWriter();
        var console = Spectre.Console.AnsiConsole.Create(new Spectre.Console.AnsiConsoleSettings { Ansi = Spectre.Console.AnsiSupport.No, Out = new Spectre.Console.AnsiConsoleOutput(text) });
        console.Profile.Width = 1000;

        BenchmarkText.Write(console, Run(perSecond: 8_000) with { Comparison = Compare(Run(), Run(perSecond: 8_000)) });

        string[] lines = text.ToString().Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        Assert.Contains(lines, l => l.StartsWith("Throughput: 8,000 operations/s", StringComparison.Ordinal));
        Assert.Contains(lines, l => l.StartsWith("Writes", StringComparison.Ordinal) && l.Contains("4.00 ms", StringComparison.Ordinal));
        Assert.Contains(lines, l => l.StartsWith("throughput", StringComparison.Ordinal) && l.EndsWith("-20.0 %   worse", StringComparison.Ordinal));
        Assert.Equal("Worse: throughput.", lines[^1]);
    }

    private static BenchmarkComparison Compare(BenchmarkReport before, BenchmarkReport now) => BenchmarkComparison.Of(before, now, "before.json", thresholdPercent: 10);

    private static BenchmarkOptions Options() => new(TimeSpan.FromSeconds(10), 64, 256, 0);

    private static BenchmarkReport Run(double perSecond = 10_000, long p50 = 4_000, long p99 = 10_000, long errors = 0) => new()
    {
        Seconds = 10,
        Clients = 64,
        ValueSize = 256,
        ReadRatio = 0,
        Operations = 100_000,
        OperationsPerSecond = perSecond,
        Writes = new LatencyReport(100_000, 4_200, p50, 8_000, p99, 20_000, 50_000),
        Errors = errors,
        ErrorKinds = new Dictionary<string, long>(StringComparer.Ordinal),
    };

    private string Write(string content)
    {
        string file = Path.Combine(folder, "baseline.json");
        File.WriteAllText(file, content);
        return file;
    }
}
