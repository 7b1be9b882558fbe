using System.CommandLine;
using Lattice.Cli.Cluster;
using Lattice.Grains;

namespace Lattice.Cli.Commands.Admin;

/// <summary><c>lattice admin drill N KIND</c>: injects a real fault into a node, so that operators can rehearse the procedure.</summary>
internal static class DrillCommand
{
    private static readonly string[] Kinds = ["memory", "cache", "disk", "command", "protocol"];

    /// <summary>Makes the command.</summary>
    public static Command Create(Shell shell)
    {
        Argument<int> node = CommonOptions.Node<int>("Id of the node");
        Argument<string> kind = new Argument<string>("KIND") { Description = string.Join(", ", Kinds) }.AcceptOnlyFromAmong(Kinds);
        var group = new Option<uint>("--group") { Description = "Raft group", DefaultValueFactory = _ => 1 };
        Option<string?> config = CommonOptions.Config();
        Option<double> timeout = CommonOptions.Timeout();
        var command = new Command("drill", "Injects a real fault into a node, which stops when it notices. Refused unless the node's [verification] allow_drills is true.") { node, kind, group, config, timeout };
        command.SetAction((parsed, cancellation) =>
        {
            ClusterLocation location = ClusterLocator.Of(shell).Locate(parsed.GetValue(config));
            return RunAsync(shell, location, (parsed.GetValue(node), parsed.GetRequiredValue(kind), parsed.GetValue(group)), TimeSpan.FromSeconds(parsed.GetValue(timeout)), cancellation);
        });
        return command;
    }

    private static async Task<int> RunAsync(Shell shell, ClusterLocation location, (int Node, string Kind, uint Group) drill, TimeSpan timeout, CancellationToken cancellation)
    {
        ClusterConnection connection = await ClusterConnection.OpenAsync(location, timeout, cancellation).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            DrillReply reply = await connection.Client.DrillAsync(drill.Node, drill.Kind, drill.Group, Shell.Operator, cancellation).ConfigureAwait(false);
            if (!reply.IsDone)
            {
                throw new CommandFailedException(ExitCodes.Negative, reply.Message);
            }

            await shell.Out.WriteLineAsync(reply.Message).ConfigureAwait(false);
            return ExitCodes.Success;
        }
    }
}
