using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Lattice.Cli.Operations;
using Lattice.Grains;
using Lattice.Silo.Status;

namespace Lattice.Cli.Commands.Admin;

/// <summary><c>lattice admin operations</c>: what runs and what ran, newest first.</summary>
internal static class OperationsCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(Shell shell)
    {
        var options = new OperationOptions();
        Command command = options.On(new Command("operations", "Shows the operations that run and the latest ones that ended, newest first."));
        command.SetAction(async (parsed, cancellation) =>
        {
            OperationHistory history = await OperationHistoryQuery.AskAsync(shell, options, parsed, cancellation).ConfigureAwait(false);
            await shell.Out.WriteAsync(parsed.GetValue(options.Json)
                ? JsonSerializer.Serialize(new OperationsOutput([.. history.Operations.Select(OperationOutput.Of)], history.JournalFailure), CliJson.Indented.OperationsOutput) + Environment.NewLine
                : string.Concat(history.Operations.Select(Text))).ConfigureAwait(false);
            return ExitCodes.Success;
        });
        return command;
    }

    private static string Text(OperationReport report)
    {
        TimeSpan took = (report.EndedAt ?? DateTimeOffset.UtcNow) - report.BeganAt;
        string head = string.Create(CultureInfo.InvariantCulture, $"{report.BeganAt.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z  {OperationOutput.Word(report.State),-7}  {report.Request.Title}  ({report.Request.Who}, {took.TotalSeconds:0.0} s)\n");
        IEnumerable<string> steps = report.State == OperationState.Done ? [] : report.Steps.Select(s => $"    {OperationProgress.Line(s)}\n");
        return head + string.Concat(steps) + (report.Failure is { } failure ? $"    {failure}\n" : "");
    }
}
