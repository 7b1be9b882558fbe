using System.CommandLine;
using System.Globalization;

namespace Lattice.Cli.Commands;

/// <summary><c>lattice put KEY VALUE</c>.</summary>
internal static class PutCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(Shell shell)
    {
        var key = new Argument<string>("KEY") { Description = "The key" };
        var value = new Argument<string>("VALUE") { Description = "The value; - reads it from standard input" };
        var ttl = new Option<double?>("--ttl") { Description = "Seconds after which the record expires", HelpName = "SECONDS" };
        return DataCommand.Create(shell, "put", "Sets a key's value; prints the record's revision once a majority holds it.", [key, value, ttl], async (call, cancellation) =>
        {
            byte[] target = call.Key(call.Parsed.GetRequiredValue(key));
            byte[] bytes = await call.ValueAsync(call.Parsed.GetRequiredValue(value), cancellation).ConfigureAwait(false);
            TimeSpan? life = call.Parsed.GetValue(ttl) is { } seconds ? TimeSpan.FromSeconds(seconds) : null;
            ulong revision = await call.Client.PutAsync(target, bytes, life, cancellation).ConfigureAwait(false);
            await (call.Json
                ? call.PrintAsync(RecordReport.Of(target) with { Revision = revision })
                : call.Shell.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"revision {revision}"))).ConfigureAwait(false);
            return ExitCodes.Success;
        });
    }
}
