using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Lattice.Cli.Backup;
using Lattice.Cli.Cluster;
using Lattice.Silo.Configuration;

namespace Lattice.Cli.Commands;

/// <summary><c>lattice restore N FILE</c>: on the machine of a node that does not run, puts a backup in the place of its data.</summary>
internal static class RestoreCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(Shell shell)
    {
        Argument<int> node = CommonOptions.Node<int>("Id of the node, which must not run");
        var file = new Argument<string>("FILE") { Description = "The backup" };
        var force = new Option<bool>("--force") { Description = "Also take the backup of another node" };
        var config = new Option<string?>("--config") { Description = "The node's configuration file", HelpName = "FILE" };
        Option<bool> json = CommonOptions.Json();
        var command = new Command("restore", "Puts a backup in the place of a node's data, on the machine of the node. What was there is kept aside.") { node, file, force, config, json };
        command.SetAction(parsed => Run(shell, parsed.GetValue(node), parsed.GetRequiredValue(file), (parsed.GetValue(config), parsed.GetValue(force), parsed.GetValue(json))));
        return command;
    }

    private static int Run(Shell shell, int node, string archive, (string? Config, bool Force, bool Json) options)
    {
        NodeSettings settings = LocalNode.Load(shell, node, options.Config);
        RestoreReport report = NodeRestore.Run(settings, Path.GetFullPath(archive), options.Force, TimeProvider.System.GetUtcNow());
        if (options.Json)
        {
            shell.Out.WriteLine(JsonSerializer.Serialize(report, CliJson.Lines.RestoreReport));
            return ExitCodes.Success;
        }

        shell.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Node {node} has the state of node {report.Backup.Node} as of {report.Backup.TakenAt:yyyy-MM-dd HH:mm:ss} UTC. Start it: it joins as a new incarnation and gets what was written since from the others."));
        if (report.Aside is { } aside)
        {
            shell.Out.WriteLine($"What it had is kept in {aside}; remove it when nobody needs it any more.");
        }

        return ExitCodes.Success;
    }
}
