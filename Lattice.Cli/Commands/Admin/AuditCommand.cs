using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Lattice.Cli.Operations;
using Lattice.Grains;

namespace Lattice.Cli.Commands.Admin;

/// <summary><c>lattice admin audit</c>: who had what done when, and how it ended, newest first.</summary>
internal static class AuditCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(Shell shell)
    {
        var options = new OperationOptions();
        Command command = options.On(new Command("audit", "Shows who had what done when, and how it ended, newest first."));
        command.SetAction(async (parsed, cancellation) =>
        {
            OperationHistory history = await OperationHistoryQuery.AskAsync(shell, options, parsed, cancellation).ConfigureAwait(false);
            await shell.Out.WriteAsync(parsed.GetValue(options.Json)
                ? JsonSerializer.Serialize(new AuditOutput([.. history.Events.Select(Output)], history.JournalFailure), CliJson.Indented.AuditOutput) + Environment.NewLine
                : string.Concat(history.Events.Select(Line))).ConfigureAwait(false);
            return ExitCodes.Success;
        });
        return command;
    }

    private static AuditOutputEvent Output(AuditEvent told) => new(told.At, told.Who, told.What, told.Event, told.Detail, told.Operation.ToString("D"));

    private static string Line(AuditEvent told) =>
        string.Create(CultureInfo.InvariantCulture, $"{told.At.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z  {told.Who}  {told.What}  {told.Event}{(told.Detail.Length > 0 ? ": " : "")}{told.Detail}\n");
}
