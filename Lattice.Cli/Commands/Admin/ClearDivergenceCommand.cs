using System.CommandLine;
using Lattice.Cli.Cluster;
using Lattice.Core.Disk;
using Lattice.Core.Verification;
using Lattice.Silo.Configuration;
using Lattice.Silo.Hosting;

namespace Lattice.Cli.Commands.Admin;

/// <summary>
/// <c>lattice admin clear-divergence N --yes</c>: on the machine of a node that diverged, puts its data aside, so that it can be started again and learns everything from
/// the others.
/// </summary>
internal static class ClearDivergenceCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(Shell shell)
    {
        Argument<int> node = CommonOptions.Node<int>("Id of the node");
        var yes = new Option<bool>("--yes") { Description = "Do it: what only this node holds is given up" };
        var config = new Option<string?>("--config") { Description = "The node's configuration file", HelpName = "FILE" };
        var command = new Command("clear-divergence", "Puts the data of a node that diverged aside; when it is started again it learns everything from the others.") { node, yes, config };
        command.SetAction(parsed => Run(shell, parsed.GetValue(node), parsed.GetValue(yes), parsed.GetValue(config)));
        return command;
    }

    private static int Run(Shell shell, int node, bool yes, string? config)
    {
        NodeSettings settings = LocalNode.Load(shell, node, config);
        string data = settings.Storage.DataDirectory;
        if (!File.Exists(Path.Combine(data, DivergenceReportFile.FileName)))
        {
            throw new CommandFailedException(ExitCodes.Negative, $"Node {node} has not diverged: there is no {DivergenceReportFile.FileName} in {data}. Nothing was changed.");
        }

        if (!yes)
        {
            throw new CommandFailedException(ExitCodes.Negative, $"This gives up everything that only node {node} holds: its log, its state and its snapshots in {data} are put aside, and it learns everything anew from the others, which must be a majority and healthy ('lattice status'). Repeat the command with --yes to do it. Nothing was changed.");
        }

        try
        {
            using DataDirectoryLock held = DataDirectoryLock.Acquire(data);
            DateTimeOffset now = TimeProvider.System.GetUtcNow();
            DivergenceReportFile.TryRead(new PhysicalDisk(), Path.Combine(data, DivergenceReportFile.FileName), out DivergenceReport? report, out _);
            ClearanceNote.Leave(settings, Shell.Operator, now, report);
            KeptData kept = DivergentData.PutAside(data, now, settings.Verification.KeepDivergenceBytes);
            string all = kept.Dropped.Count == 0 ? "" : $", but for {string.Join(", ", kept.Dropped)}, which did not fit into [verification] keep_divergence_mb = {settings.Verification.KeepDivergenceBytes >> 20}";
            shell.Out.WriteLine($"Node {node} may be started again; the other nodes bring it up to date. What it had is kept in {kept.Folder} until the next divergence{all}.");
            return ExitCodes.Success;
        }
        catch (DataDirectoryInUseException e)
        {
            throw new CommandFailedException(ExitCodes.Negative, $"{e.Message} Nothing was changed.");
        }
    }
}
