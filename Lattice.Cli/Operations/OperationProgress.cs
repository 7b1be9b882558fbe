using System.Diagnostics;
using System.Globalization;
using Lattice.Cli.Output;
using Lattice.Grains;
using Spectre.Console;

namespace Lattice.Cli.Operations;

/// <summary>
/// Shows how far an operation is: on a terminal a line for each step that moves, elsewhere a line when a step begins or ends and now and then. Goes where errors go, so
/// that results can be piped.
/// </summary>
internal static class OperationProgress
{
    private static readonly TimeSpan Elsewhere = TimeSpan.FromSeconds(5);

    /// <summary>Shows it until it has ended.</summary>
    /// <param name="shell">Where.</param>
    /// <param name="report">How it stands.</param>
    /// <param name="next">Tells how it stands a moment later.</param>
    public static Task<OperationReport> ShowAsync(Shell shell, OperationReport report, Func<Task<OperationReport>> next) =>
        shell.IsTerminal ? ShowOnTerminalAsync(shell, report, next) : ShowLinesAsync(shell, report, next);

    /// <summary>A step in one line.</summary>
    public static string Line(StepReport step)
    {
        string amount = step switch
        {
            { Total: > 0 } => string.Create(CultureInfo.InvariantCulture, $" {step.Done} of {step.Total}"),
            { Done: > 0 } => $" {HumanText.Bytes(step.Done)}",
            _ => "",
        };
        string state = step.State switch
        {
            OperationState.Done => "done",
            OperationState.Failed => "failed",
            OperationState.Running => "…",
            _ => "",
        };
        return $"{step.Name}:{amount} {(step.Detail.Length > 0 ? $"{step.Detail} " : "")}{state}".TrimEnd(' ', ':');
    }

    private static async Task<OperationReport> ShowOnTerminalAsync(Shell shell, OperationReport report, Func<Task<OperationReport>> next)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(shell.Error) });
        await console.Progress()
            .AutoClear(enabled: true)
            .Columns(new SpinnerColumn(), new TaskDescriptionColumn { Alignment = Justify.Left }, new ElapsedTimeColumn())
            .StartAsync(async context =>
            {
                List<ProgressTask> tasks = [.. report.Steps.Select(s => context.AddTask(Markup.Escape(Line(s)), autoStart: false))];
                while (!report.HasEnded)
                {
                    report = await next().ConfigureAwait(false);
                    Move(tasks, report);
                }
            }).ConfigureAwait(false);
        return report;
    }

    private static void Move(List<ProgressTask> tasks, OperationReport report)
    {
        for (int i = 0; i < tasks.Count; i++)
        {
            StepReport step = report.Steps[i];
            tasks[i].Description = Markup.Escape(Line(step));
            if (step.State == OperationState.Running && !tasks[i].IsStarted)
            {
                tasks[i].StartTask();
            }

            tasks[i].IsIndeterminate = step is { State: OperationState.Running, Total: 0 };
            tasks[i].Value = step.State == OperationState.Done ? tasks[i].MaxValue : step.Total > 0 ? 100.0 * step.Done / step.Total : 0;
        }
    }

    private static async Task<OperationReport> ShowLinesAsync(Shell shell, OperationReport report, Func<Task<OperationReport>> next)
    {
        var told = new Dictionary<string, OperationState>(StringComparer.Ordinal);
        long last = Stopwatch.GetTimestamp();
        for (; ; )
        {
            bool isDue = Stopwatch.GetElapsedTime(last) > Elsewhere;
            foreach (StepReport step in report.Steps.Where(s => s.State != OperationState.Waiting))
            {
                if (told.GetValueOrDefault(step.Name) != step.State || (isDue && step.State == OperationState.Running))
                {
                    told[step.Name] = step.State;
                    last = Stopwatch.GetTimestamp();
                    await shell.Error.WriteLineAsync($"{report.Request.Title}: {Line(step)}").ConfigureAwait(false);
                }
            }

            if (report.HasEnded)
            {
                return report;
            }

            report = await next().ConfigureAwait(false);
        }
    }
}
