using System.CommandLine;
using Lattice.Cli.Output;
using Lattice.Grains.Requests;
using Command = System.CommandLine.Command;

namespace Lattice.Cli.Commands;

/// <summary><c>lattice get KEY</c>: the value's bytes as they are.</summary>
internal static class GetCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(Shell shell)
    {
        var key = new Argument<string>("KEY") { Description = "The key" };
        return DataCommand.Create(shell, "get", "Writes a key's value to standard output; exit code 1 if there is none.", [key], async (call, cancellation) =>
        {
            byte[] wanted = call.Key(call.Parsed.GetRequiredValue(key));
            LatticeRecord? record = await call.Client.GetAsync(wanted, cancellation: cancellation).ConfigureAwait(false);
            if (call.Json)
            {
                RecordReport report = RecordReport.Of(wanted) with { Found = record is not null, Revision = record?.Revision, Expires = record?.ExpiresAt };
                await call.PrintAsync(record is null ? report : report.WithValue(record.Value.Span)).ConfigureAwait(false);
                return record is null ? ExitCodes.Negative : ExitCodes.Success;
            }

            if (record is null)
            {
                await call.Shell.Error.WriteLineAsync($"lattice: There is no record '{ByteText.Escape(wanted)}'.").ConfigureAwait(false);
                return ExitCodes.Negative;
            }

            Stream output = call.Shell.OpenOutput();
            await using (output.ConfigureAwait(false))
            {
                await output.WriteAsync(record.Value, cancellation).ConfigureAwait(false);
                if (call.Shell.IsTerminal)
                {
                    await output.WriteAsync("\n"u8.ToArray(), cancellation).ConfigureAwait(false);
                }
            }

            return ExitCodes.Success;
        });
    }
}
