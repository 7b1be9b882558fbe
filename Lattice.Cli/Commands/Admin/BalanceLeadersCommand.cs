using System.CommandLine;
using Lattice.Cli.Operations;
using Lattice.Grains;

namespace Lattice.Cli.Commands.Admin;

/// <summary><c>lattice admin balance-leaders</c>: the leaders of the groups are spread over the nodes again.</summary>
internal static class BalanceLeadersCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(Shell shell)
    {
        var options = new OperationOptions();
        Command command = options.On(new Command("balance-leaders", "Spreads the leaders of the groups over the nodes again, after 'transfer-leadership'."));
        command.SetAction((parsed, cancellation) =>
        {
            var request = new OperationRequest { Id = Guid.NewGuid(), Kind = OperationKind.BalanceLeaders, Who = OperationFlow.Who, Title = "balance-leaders" };
            return new OperationFlow(shell, options, parsed).RunAsync(request, isAgreed: false, _ => "The leaders are spread over the nodes.", cancellation);
        });
        return command;
    }
}
