using System.CommandLine;
using Lattice.Cli.Output;

namespace Lattice.Cli.Commands;

/// <summary><c>lattice delete KEY</c>.</summary>
internal static class DeleteCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(Shell shell)
    {
        var key = new Argument<string>("KEY") { Description = "The key" };
        return DataCommand.Create(shell, "delete", "Removes a key; exit code 1 if there was none.", [key], async (call, cancellation) =>
        {
            byte[] target = call.Key(call.Parsed.GetRequiredValue(key));
            bool deleted = await call.Client.DeleteAsync(target, cancellation).ConfigureAwait(false);
            if (call.Json)
            {
                await call.PrintAsync(RecordReport.Of(target) with { Deleted = deleted }).ConfigureAwait(false);
            }
            else if (deleted)
            {
                await call.Shell.Out.WriteLineAsync("deleted").ConfigureAwait(false);
            }
            else
            {
                await call.Shell.Error.WriteLineAsync($"lattice: There is no record '{ByteText.Escape(target)}'; nothing was removed.").ConfigureAwait(false);
            }

            return deleted ? ExitCodes.Success : ExitCodes.Negative;
        });
    }
}
