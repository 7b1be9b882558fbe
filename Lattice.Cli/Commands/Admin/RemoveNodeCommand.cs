using System.CommandLine;
using System.Globalization;
using Lattice.Cli.Operations;
using Lattice.Grains;

namespace Lattice.Cli.Commands.Admin;

/// <summary><c>lattice admin remove-node N</c>: a node leaves the cluster and stops.</summary>
internal static class RemoveNodeCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(Shell shell)
    {
        Argument<int> node = CommonOptions.Node<int>("Id of the node");
        var force = new Option<bool>("--force") { Description = "Also if the rest would have no majority of healthy nodes; asks for the node's name" };
        var options = new OperationOptions();
        Command command = options.On(new Command("remove-node", "Moves a node's leaderships, takes it out of all groups, remembers it as removed and stops it.") { node, force });
        command.SetAction((parsed, cancellation) =>
        {
            int id = parsed.GetValue(node);
            var request = new OperationRequest
            {
                Id = Guid.NewGuid(),
                Kind = OperationKind.RemoveNode,
                Node = id,
                IsForced = parsed.GetValue(force),
                Who = OperationFlow.Who,
                Title = string.Create(CultureInfo.InvariantCulture, $"remove-node {id}"),
            };
            return new OperationFlow(shell, options, parsed).RunAsync(request, isAgreed: false, Describe, cancellation);
        });
        return command;
    }

    private static string Describe(OperationReport report)
    {
        string detail = report.Steps[^1].Detail;
        return $"Node {report.Request.Node} was removed from the cluster{(detail.Length > 0 ? $"; {detail}" : " and has been told to stop")}. Take it out of the other nodes' configuration files before they are next restarted.";
    }
}
