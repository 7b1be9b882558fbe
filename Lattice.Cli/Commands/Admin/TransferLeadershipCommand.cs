using System.CommandLine;
using System.Globalization;
using Lattice.Cli.Operations;
using Lattice.Grains;

namespace Lattice.Cli.Commands.Admin;

/// <summary><c>lattice admin transfer-leadership N</c>: one node leads all groups, after a forced election if there is no majority any more.</summary>
internal static class TransferLeadershipCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(Shell shell)
    {
        Argument<int> node = CommonOptions.Node<int>("Id of the node that shall lead");
        var yes = new Option<bool>("--yes") { Description = "Agree to what a forced election may lose, without being asked" };
        var options = new OperationOptions();
        Command command = options.On(new Command("transfer-leadership", "Has one node lead all groups until 'balance-leaders'. Where groups have no majority any more, has those that are left go on, after saying what may be lost.") { node, yes });
        command.SetAction((parsed, cancellation) =>
        {
            int id = parsed.GetValue(node);
            var request = new OperationRequest { Id = Guid.NewGuid(), Kind = OperationKind.TransferLeadership, Node = id, Who = OperationFlow.Who, Title = string.Create(CultureInfo.InvariantCulture, $"transfer-leadership {id}") };
            return new OperationFlow(shell, options, parsed).RunAsync(request, parsed.GetValue(yes), _ => $"Node {id} leads all groups. It stays so until 'lattice admin balance-leaders'.", cancellation);
        });
        return command;
    }
}
