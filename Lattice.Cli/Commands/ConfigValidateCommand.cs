using System.CommandLine;
using Lattice.Silo.Configuration;

namespace Lattice.Cli.Commands;

/// <summary><c>lattice config validate FILE</c>: all mistakes at once.</summary>
internal static class ConfigValidateCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(Shell shell)
    {
        var file = new Argument<string>("FILE") { Description = "A node's configuration file" };
        var command = new Command("validate", "Lists all mistakes of a configuration file, one a line; exit code 1 if there are any.") { file };
        command.SetAction(async (parsed, _) =>
        {
            string path = parsed.GetRequiredValue(file);
            SettingsResult loaded = Load(shell, path);
            if (loaded.Settings is null)
            {
                await PrintAsync(shell.Error, loaded.Errors).ConfigureAwait(false);
                return ExitCodes.Negative;
            }

            foreach (string warning in loaded.Warnings)
            {
                await shell.Error.WriteLineAsync($"{path}: warning: {warning}").ConfigureAwait(false);
            }

            await shell.Out.WriteLineAsync($"{path}: valid").ConfigureAwait(false);
            return ExitCodes.Success;
        });
        return command;
    }

    /// <summary>Reads a file that has to exist.</summary>
    public static SettingsResult Load(Shell shell, string path) => File.Exists(path)
        ? SettingsFile.Load(path, node: null, shell.Paths)
        : throw new CommandFailedException(ExitCodes.Negative, $"The configuration '{path}' does not exist. 'lattice config generate N {path}' writes one.");

    /// <summary>Prints mistakes, one a line.</summary>
    public static async Task PrintAsync(TextWriter writer, IReadOnlyList<SettingsError> errors)
    {
        foreach (SettingsError error in errors)
        {
            await writer.WriteLineAsync(error.ToString()).ConfigureAwait(false);
        }
    }
}
