using System.CommandLine;
using System.Text.Json;
using Lattice.Cli.Cluster;
using Lattice.Cli.Output;
using Lattice.Cli.Status;
using Lattice.Silo.Status;

namespace Lattice.Cli.Commands;

/// <summary><c>lattice status [N]</c>: how the cluster stands; the exit code says it too.</summary>
internal static class StatusCommand
{
    private const int LooksAgain = 2;

    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(300);

    /// <summary>Makes the command.</summary>
    public static Command Create(Shell shell)
    {
        Argument<int?> node = CommonOptions.Node<int?>("Show only this node");
        node.Arity = ArgumentArity.ZeroOrOne;
        var verbose = new Option<bool>("--verbose", "-v") { Description = "Also every group on every node, links, disks, versions, durability" };
        Option<bool> json = CommonOptions.Json();
        Option<string?> config = CommonOptions.Config();
        var command = new Command("status", "Shows how the cluster stands. Exit code 0: healthy, 1: degraded, 2: unavailable.") { node, verbose, json, config };
        command.SetAction(async (parsed, cancellation) =>
        {
            ClusterLocation location = ClusterLocator.Of(shell).Locate(parsed.GetValue(config));
            int? only = parsed.GetValue(node);
            ClusterView? answered = await LookAsync(location, cancellation).ConfigureAwait(false);
            ClusterView view = answered ?? StatusQuery.NothingReachable(location);
            if (only is not null && view.Nodes.All(n => n.Status.Node != only))
            {
                throw new CommandFailedException(ExitCodes.Usage, $"Cluster '{view.Name}' has no node {only}; it has {string.Join(", ", view.Nodes.Select(n => n.Status.Node))}.");
            }

            Write(shell, view, only, parsed.GetValue(verbose), parsed.GetValue(json));
            if (answered is null)
            {
                await shell.Error.WriteLineAsync($"lattice: {ClusterConnection.NothingReachable(location)}").ConfigureAwait(false);
            }

            return (int)view.Health;
        });
        return command;
    }

    /// <summary>A group has no leader while its leadership moves, and a state is unproven until it is compared after a start: that is no state to report, so it is looked at again before it is believed.</summary>
    private static async Task<ClusterView?> LookAsync(ClusterLocation location, CancellationToken cancellation)
    {
        ClusterView? view = await StatusQuery.AskAsync(location, cancellation).ConfigureAwait(false);
        for (int again = 0; again < LooksAgain && view is not null && MayPass(view); again++)
        {
            await Task.Delay(BetweenLooks, cancellation).ConfigureAwait(false);
            view = await StatusQuery.AskAsync(location, cancellation).ConfigureAwait(false);
        }

        return view;
    }

    private static bool MayPass(ClusterView view) =>
        view.GroupsWithoutLeader.Count + view.GroupsUndecided.Count + view.GroupsUnproven.Count > 0
        || view.Nodes.Any(n => n.Condition is not NodeCondition.Ready and not NodeCondition.Unreachable);

    private static void Write(Shell shell, ClusterView view, int? only, bool verbose, bool json)
    {
        if (json)
        {
            shell.Out.WriteLine(JsonSerializer.Serialize(StatusReport.Of(view, only), CliJson.Indented.StatusReport));
            return;
        }

        shell.Out.Write(StatusText.Render(view, only));
        if (verbose)
        {
            StatusDetails.Write(TableConsole.Create(shell), view, only);
        }
    }
}
