using System.CommandLine;
using System.Globalization;
using Lattice.Cli.Operations;
using Lattice.Grains;
using Lattice.Silo.Configuration;

namespace Lattice.Cli.Commands.Admin;

/// <summary><c>lattice admin add-node ID ADDRESS</c>: a node joins the cluster, or comes back after it was removed.</summary>
internal static class AddNodeCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(Shell shell)
    {
        var node = new Argument<int>("ID") { Description = "Id of the node" };
        node.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && !(int.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out int id) && id > 0))
            {
                result.AddError($"A node id is a whole number from 1, not '{result.Tokens[0].Value}'.");
            }
        });
        var address = new Argument<string>("ADDRESS") { Description = "Its address for the other nodes, host:port" };
        address.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && !HostPort.TryParse(result.Tokens[0].Value, out _, out _))
            {
                result.AddError($"An address is host:port, not '{result.Tokens[0].Value}'.");
            }
        });
        var options = new OperationOptions();
        Command command = options.On(new Command("add-node", "Takes a node into all groups, brings it up to date and gives it a vote. Waits until it is started.") { node, address });
        command.SetAction((parsed, cancellation) =>
        {
            (int id, string at) = (parsed.GetValue(node), parsed.GetRequiredValue(address));
            var request = new OperationRequest
            {
                Id = Guid.NewGuid(),
                Kind = OperationKind.AddNode,
                Node = id,
                Address = at,
                Who = OperationFlow.Who,
                Title = string.Create(CultureInfo.InvariantCulture, $"add-node {id} {at}"),
            };
            return new OperationFlow(shell, options, parsed).RunAsync(request, isAgreed: false, _ => $"Node {id} is a member of all groups and up to date. Add it to the other nodes' configuration files, so that commands find it there.", cancellation);
        });
        return command;
    }
}
