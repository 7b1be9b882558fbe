using System.CommandLine;
using System.Globalization;
using System.Text;
using Lattice.Cli.Output;
using Lattice.Client;

namespace Lattice.Cli.Commands;

/// <summary><c>lattice cas KEY VALUE</c>: sets a value if the record is as expected.</summary>
internal static class CasCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(Shell shell)
    {
        var key = new Argument<string>("KEY") { Description = "The key" };
        var value = new Argument<string>("VALUE") { Description = "The new value; - reads it from standard input" };
        var revision = new Option<ulong?>("--revision") { Description = "Set it if the record has this revision", HelpName = "R" };
        var absent = new Option<bool>("--absent") { Description = "Set it if there is no record" };
        var old = new Option<string?>("--value") { Description = "Set it if the present value is this", HelpName = "OLD" };
        Command command = DataCommand.Create(shell, "cas", "Sets a key's value if the record is as expected, else prints the present record; exit code 1 then.", [key, value, revision, absent, old], async (call, cancellation) =>
        {
            byte[] target = call.Key(call.Parsed.GetRequiredValue(key));
            byte[] bytes = await call.ValueAsync(call.Parsed.GetRequiredValue(value), cancellation).ConfigureAwait(false);
            Expected expected = (call.Parsed.GetValue(revision), call.Parsed.GetValue(old)) switch
            {
                ({ } number, _) => Expected.Revision(number),
                (_, { } text) => Expected.Value(Encoding.UTF8.GetBytes(text)),
                _ => Expected.Absent,
            };
            CompareAndSetResult outcome = await call.Client.CompareAndSetAsync(target, expected, bytes, cancellation: cancellation).ConfigureAwait(false);
            await PrintAsync(call, target, outcome).ConfigureAwait(false);
            return outcome.Succeeded ? ExitCodes.Success : ExitCodes.Negative;
        });
        command.Validators.Add(result =>
        {
            int given = new Option[] { revision, absent, old }.Count(o => result.GetResult(o) is { Implicit: false });
            if (given != 1)
            {
                result.AddError("Give one condition: --revision R, --absent or --value OLD.");
            }
        });
        return command;
    }

    private static Task PrintAsync(DataInvocation call, byte[] key, CompareAndSetResult outcome)
    {
        if (call.Json)
        {
            RecordReport report = RecordReport.Of(key) with { Succeeded = outcome.Succeeded, Found = outcome.Succeeded ? null : outcome.Present is not null, Revision = outcome.Succeeded ? outcome.Revision : outcome.Present?.Revision };
            return call.PrintAsync(outcome is { Succeeded: false, Present: { } record } ? report.WithValue(record.Value.Span) : report);
        }

        return outcome switch
        {
            { Succeeded: true } => call.Shell.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"revision {outcome.Revision}")),
            { Present: { } present } => call.Shell.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"not set: revision {present.Revision}, value {ByteText.Escape(present.Value.Span)}")),
            _ => call.Shell.Out.WriteLineAsync("not set: there is no record"),
        };
    }
}
