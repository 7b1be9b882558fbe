using System.CommandLine;
using System.Runtime.CompilerServices;
using Lattice.Cli.Dev;
using Lattice.Silo;
using Lattice.Silo.Configuration;

namespace Lattice.Cli.Commands;

/// <summary><c>lattice start N CONFIG</c>: runs a node in the foreground.</summary>
internal static class StartCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(Shell shell)
    {
        Argument<int> node = CommonOptions.Node<int>("Id of the node, one of the peers in the configuration");
        var config = new Argument<string>("CONFIG") { Description = "The node's configuration file" };
        var command = new Command("start", "Runs a node in the foreground until SIGTERM or SIGINT.") { node, config };
        command.SetAction((parsed, cancellation) => RunAsync(shell, parsed.GetValue(node), parsed.GetRequiredValue(config), cancellation));
        return command;
    }

    private static async Task<int> RunAsync(Shell shell, int node, string config, CancellationToken cancellation)
    {
        if (!File.Exists(config))
        {
            throw new CommandFailedException(ExitCodes.Negative, $"The configuration '{config}' does not exist, so node {node} was not started. Write one with 'lattice config generate {node} {config}'.");
        }

        SettingsResult loaded = SettingsFile.Load(config, node, shell.Paths);
        if (loaded.Settings is not { } settings)
        {
            await shell.Error.WriteLineAsync($"lattice: The configuration '{config}' has mistakes, so node {node} was not started. Correct them:").ConfigureAwait(false);
            await ConfigValidateCommand.PrintAsync(shell.Error, loaded.Errors).ConfigureAwait(false);
            return ExitCodes.Negative;
        }

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var parent = ParentWatch.Start(shell, stop.Cancel);
        return await RunServerAsync(settings, shell.Error, stop.Token).ConfigureAwait(false);
    }

    // Apart, so that no other command loads the host's assemblies.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Task<int> RunServerAsync(NodeSettings settings, TextWriter errors, CancellationToken cancellation) =>
        LatticeServer.RunAsync(settings, errors, cancellation);
}
