using System.CommandLine;
using Lattice.Cli.Cluster;
using Lattice.Silo.Configuration;

namespace Lattice.Cli.Commands;

/// <summary><c>lattice config show [FILE]</c>: the effective settings, defaults included.</summary>
internal static class ConfigShowCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(Shell shell)
    {
        var file = new Argument<string?>("FILE") { Description = "A node's configuration file; by default the one that client commands use", Arity = ArgumentArity.ZeroOrOne };
        var command = new Command("show", "Prints the effective settings, defaults included.") { file };
        command.SetAction(async (parsed, _) =>
        {
            (string path, LatticePaths paths) = parsed.GetValue(file) is { } given ? (given, shell.Paths) : ClusterLocator.Of(shell).FindFile(config: null);
            SettingsResult loaded = File.Exists(path) ? SettingsFile.Load(path, node: null, paths) : ConfigValidateCommand.Load(shell, path);
            if (loaded.Settings is not { } settings)
            {
                await ConfigValidateCommand.PrintAsync(shell.Error, loaded.Errors).ConfigureAwait(false);
                return ExitCodes.Negative;
            }

            await shell.Out.WriteLineAsync(SettingsPrinter.Print(settings).TrimEnd()).ConfigureAwait(false);
            return ExitCodes.Success;
        });
        return command;
    }
}
