using System.Diagnostics;
using System.Globalization;
using Spectre.Console;

namespace Lattice.Cli.Benchmark;

/// <summary>Shows that a benchmark goes on: on a terminal a bar with the time that is left, elsewhere a line now and then. Goes where errors go, so that results can be piped.</summary>
internal sealed class BenchmarkProgress(Shell shell)
{
    private static readonly TimeSpan OnTerminal = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Elsewhere = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ElsewhereInLongRuns = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongRun = TimeSpan.FromMinutes(1);

    /// <summary>Says something.</summary>
    public Task SayAsync(string line) => shell.Error.WriteLineAsync(line);

    /// <summary>Shows it until it has ended.</summary>
    /// <param name="warmUp">How long nothing is measured.</param>
    /// <param name="duration">How long is measured after that.</param>
    /// <param name="completed">Operations done so far.</param>
    /// <param name="end">The end.</param>
    public Task ShowAsync(TimeSpan warmUp, TimeSpan duration, Func<long> completed, CancellationToken end) =>
        shell.IsTerminal ? ShowBarAsync(warmUp, duration, completed, end) : ShowLinesAsync(warmUp, duration, completed, end);

    private Task ShowBarAsync(TimeSpan warmUp, TimeSpan duration, Func<long> completed, CancellationToken end)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(shell.Error) });
        return console.Progress()
            .AutoClear(enabled: true)
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .StartAsync(async context =>
            {
                ProgressTask task = context.AddTask("warming up", maxValue: (warmUp + duration).TotalSeconds);
                await EveryAsync(OnTerminal, completed, (elapsed, rate) =>
                {
                    task.Value = elapsed.TotalSeconds;
                    task.Description = string.Create(CultureInfo.InvariantCulture, $"{(elapsed < warmUp ? "warming up" : "measuring"),-10} {rate,9:N0} operations/s");
                    return Task.CompletedTask;
                }, end).ConfigureAwait(false);
            });
    }

    private Task ShowLinesAsync(TimeSpan warmUp, TimeSpan duration, Func<long> completed, CancellationToken end) =>
        EveryAsync(duration > LongRun ? ElsewhereInLongRuns : Elsewhere, completed, (elapsed, rate) =>
            SayAsync(string.Create(CultureInfo.InvariantCulture, $"{elapsed.TotalSeconds,4:0} s of {(warmUp + duration).TotalSeconds:0} s   {rate,9:N0} operations/s{(elapsed < warmUp * 1.5 ? "   (warm-up)" : "")}")), end);

    private static async Task EveryAsync(TimeSpan interval, Func<long> completed, Func<TimeSpan, double, Task> tell, CancellationToken end)
    {
        long began = Stopwatch.GetTimestamp();
        long last = began;
        long before = 0;
        using var timer = new PeriodicTimer(interval);
        try
        {
            while (await timer.WaitForNextTickAsync(end).ConfigureAwait(false))
            {
                long now = completed();
                double rate = (now - before) / Stopwatch.GetElapsedTime(last).TotalSeconds;
                (before, last) = (now, Stopwatch.GetTimestamp());
                await tell(Stopwatch.GetElapsedTime(began), rate).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // The time is over.
        }
    }
}
