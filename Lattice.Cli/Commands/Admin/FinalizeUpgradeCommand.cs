using System.CommandLine;
using Lattice.Cli.Operations;
using Lattice.Grains;

namespace Lattice.Cli.Commands.Admin;

/// <summary><c>lattice admin finalize-upgrade</c>: the cluster uses what its new version brings, and no older one can be started any more.</summary>
internal static class FinalizeUpgradeCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(Shell shell)
    {
        var yes = new Option<bool>("--yes") { Description = "Agree that there is no way back, without being asked" };
        var options = new OperationOptions();
        Command command = options.On(new Command("finalize-upgrade", "Raises the cluster's feature level when all nodes run a new version. The older version cannot be started any more from then on.") { yes });
        command.SetAction((parsed, cancellation) =>
        {
            var request = new OperationRequest { Id = Guid.NewGuid(), Kind = OperationKind.FinalizeUpgrade, Who = OperationFlow.Who, Title = "finalize-upgrade" };
            return new OperationFlow(shell, options, parsed).RunAsync(request, parsed.GetValue(yes), report => $"The cluster works at feature level {report.Facts.GetValueOrDefault("level", "?")}.", cancellation);
        });
        return command;
    }
}
