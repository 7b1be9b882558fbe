namespace Lattice.Cli.Benchmark;

/// <summary>How a run stands to an earlier one with the same load.</summary>
/// <param name="Baseline">The earlier one's file.</param>
/// <param name="ThresholdPercent">Change for the worse, in percent, that is put down to chance; of p99, which scatters more, twice as much is.</param>
/// <param name="Figures">What was compared.</param>
internal sealed record BenchmarkComparison(string Baseline, double ThresholdPercent, IReadOnlyList<ComparedFigure> Figures)
{
    // Errors that are no more than this share of the operations are put down to chance.
    private const double ToleratedErrorPercent = 0.1;

    /// <summary>The figures that got worse.</summary>
    public IReadOnlyList<string> Worse => [.. Figures.Where(f => f.Verdict == ComparedFigure.Worse).Select(f => f.Name)];

    /// <summary>Compares two runs of the same load.</summary>
    /// <param name="before">The earlier one.</param>
    /// <param name="now">The later one.</param>
    /// <param name="baseline">The earlier one's file.</param>
    /// <param name="thresholdPercent">Percent that a figure may change for the worse.</param>
    public static BenchmarkComparison Of(BenchmarkReport before, BenchmarkReport now, string baseline, double thresholdPercent)
    {
        List<ComparedFigure> figures = [Compare("throughput", ComparedFigure.PerSecond, before.OperationsPerSecond, now.OperationsPerSecond, thresholdPercent, moreIsBetter: true)];
        foreach ((string kind, LatencyReport? earlier, LatencyReport? later) in (ReadOnlySpan<(string, LatencyReport?, LatencyReport?)>)[("writes", before.Writes, now.Writes), ("reads", before.Reads, now.Reads)])
        {
            if (earlier is not null && later is not null)
            {
                figures.Add(Compare($"{kind} p50", ComparedFigure.Microseconds, earlier.P50Us, later.P50Us, thresholdPercent, moreIsBetter: false));
                figures.Add(Compare($"{kind} p99", ComparedFigure.Microseconds, earlier.P99Us, later.P99Us, 2 * thresholdPercent, moreIsBetter: false));
            }
        }

        figures.Add(CompareErrors(ErrorPercent(before), ErrorPercent(now)));
        return new BenchmarkComparison(baseline, thresholdPercent, figures);
    }

    /// <summary>Why two runs cannot be compared; null: they can.</summary>
    public static string? Mismatch(BenchmarkReport before, BenchmarkOptions now) =>
        before.Clients == now.Clients && before.ValueSize == now.ValueSize && Math.Abs(before.ReadRatio - now.ReadRatio) < 1e-9
            ? null
            : FormattableString.Invariant($"it was measured with --clients {before.Clients} --value-size {before.ValueSize} --read-ratio {before.ReadRatio}, and this run is asked for with --clients {now.Clients} --value-size {now.ValueSize} --read-ratio {now.ReadRatio}");

    private static ComparedFigure Compare(string name, string unit, double before, double now, double threshold, bool moreIsBetter)
    {
        double change = before > 0 ? 100 * (now - before) / before : 0;
        double worse = moreIsBetter ? -change : change;
        return new ComparedFigure(name, unit, before, now, Math.Round(change, 1), worse > threshold ? ComparedFigure.Worse : worse < -threshold ? ComparedFigure.Better : ComparedFigure.Same);
    }

    private static ComparedFigure CompareErrors(double before, double now) => new(
        "errors",
        ComparedFigure.Percent,
        before,
        now,
        before > 0 ? Math.Round(100 * (now - before) / before, 1) : 0,
        now > before && now > ToleratedErrorPercent ? ComparedFigure.Worse : before > now && before > ToleratedErrorPercent ? ComparedFigure.Better : ComparedFigure.Same);

    private static double ErrorPercent(BenchmarkReport report) =>
        report.Operations + report.Errors > 0 ? Math.Round(100.0 * report.Errors / (report.Operations + report.Errors), 4) : 0;
}

/// <summary>One figure of two runs.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Unit"><see cref="PerSecond"/>, <see cref="Microseconds"/> or <see cref="Percent"/>.</param>
/// <param name="Before">In the earlier run.</param>
/// <param name="Now">In the later one.</param>
/// <param name="ChangePercent">By how much it changed.</param>
/// <param name="Verdict"><see cref="Worse"/>, <see cref="Better"/>, or empty for a change that may be chance.</param>
internal sealed record ComparedFigure(string Name, string Unit, double Before, double Now, double ChangePercent, string Verdict)
{
    public const string PerSecond = "perSecond";
    public const string Microseconds = "us";
    public const string Percent = "percent";
    public const string Worse = "worse";
    public const string Better = "better";
    public const string Same = "";
}
