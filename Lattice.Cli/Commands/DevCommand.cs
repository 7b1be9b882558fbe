using System.CommandLine;
using Lattice.Cli.Dev;

namespace Lattice.Cli.Commands;

/// <summary><c>lattice dev</c>: a local cluster for trying things out; <c>--demo</c> is a tour of what survives what.</summary>
internal static class DevCommand
{
    private const int MostNodes = 9;

    /// <summary>Makes the command.</summary>
    public static Command Create(Shell shell)
    {
        var nodes = new Option<int?>("--nodes") { Description = "Nodes, 1 to 9 (default 3, or those that --root has)" };
        nodes.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int?>() is < 1 or > MostNodes)
            {
                result.AddError($"--nodes has to be between 1 and {MostNodes}.");
            }
        });
        var root = new Option<string?>("--root") { Description = "Folder for configuration, data and logs, kept afterwards; by default a temporary one", HelpName = "DIR" };
        var demo = new Option<bool>("--demo") { Description = "The tour: start, write, kill the leader, read back, restart; exit code 0 if all went well" };
        var command = new Command("dev", "Runs a local cluster as child processes until Ctrl-C.") { nodes, root, demo };
        command.SetAction(async (parsed, cancellation) =>
        {
            bool tour = parsed.GetValue(demo);
            DevCluster cluster = DevCluster.Create(parsed.GetValue(root), parsed.GetValue(nodes), usualPorts: !tour);
            await using (cluster.ConfigureAwait(false))
            {
                return await (tour
                    ? new DemoTour(cluster, shell.Out).RunAsync(cancellation)
                    : new DevRunner(cluster, shell, DevRuntimeFile.OfUser()).RunAsync(cancellation)).ConfigureAwait(false);
            }
        });
        return command;
    }
}
