using System.CommandLine;
using Lattice.Cli.Output;
using Lattice.Grains.Requests;
using Command = System.CommandLine.Command;

namespace Lattice.Cli.Commands;

/// <summary><c>lattice scan [PREFIX]</c>: records in order of their keys.</summary>
internal static class ScanCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(Shell shell)
    {
        var prefix = new Argument<string?>("PREFIX") { Description = "Keys that begin with this; all by default", Arity = ArgumentArity.ZeroOrOne };
        var from = new Option<string?>("--from") { Description = "First key, inclusive", HelpName = "KEY" };
        var to = new Option<string?>("--to") { Description = "Last key, exclusive", HelpName = "KEY" };
        var limit = new Option<int?>("--limit") { Description = "Records at most", HelpName = "COUNT" };
        var keysOnly = new Option<bool>("--keys-only") { Description = "Leave the values out" };
        Command command = DataCommand.Create(shell, "scan", "Prints records in order of their keys: key, tab, value, each escaped to stay on its line.", [prefix, from, to, limit, keysOnly], async (call, cancellation) =>
        {
            bool onlyKeys = call.Parsed.GetValue(keysOnly);
            (byte[] first, byte[] end) = call.Parsed.GetValue(prefix) is { } begin
                ? KeyRange.OfPrefix(call.Key(begin))
                : (Bound(call, from), Bound(call, to));
            int left = call.Parsed.GetValue(limit) ?? int.MaxValue;
            await foreach (ScannedRecord record in call.Client.ScanAsync(first, end, onlyKeys, cancellation: cancellation).ConfigureAwait(false))
            {
                await PrintAsync(call, record, onlyKeys).ConfigureAwait(false);
                if (--left == 0)
                {
                    break;
                }
            }

            return ExitCodes.Success;
        });
        command.Validators.Add(result =>
        {
            if (result.GetResult(prefix) is { Tokens.Count: > 0 } && (result.GetResult(from) is not null || result.GetResult(to) is not null))
            {
                result.AddError("Give PREFIX, or --from and --to, not both.");
            }
        });
        limit.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int?>() is < 1)
            {
                result.AddError("--limit has to be at least 1.");
            }
        });
        return command;
    }

    private static byte[] Bound(DataInvocation call, Option<string?> option) => call.Parsed.GetValue(option) is { } text ? call.Key(text) : [];

    private static Task PrintAsync(DataInvocation call, ScannedRecord record, bool onlyKeys)
    {
        if (call.Json)
        {
            RecordReport report = RecordReport.Of(record.Key.Span) with { Revision = record.Record.Revision, Expires = record.Record.ExpiresAt };
            return call.PrintAsync(onlyKeys ? report : report.WithValue(record.Record.Value.Span));
        }

        string key = ByteText.Escape(record.Key.Span);
        return call.Shell.Out.WriteLineAsync(onlyKeys ? key : $"{key}\t{ByteText.Escape(record.Record.Value.Span)}");
    }
}
