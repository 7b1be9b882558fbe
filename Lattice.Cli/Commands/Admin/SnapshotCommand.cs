using System.CommandLine;
using System.Globalization;
using Lattice.Cli.Operations;
using Lattice.Cli.Output;
using Lattice.Grains;

namespace Lattice.Cli.Commands.Admin;

/// <summary><c>lattice admin snapshot N</c>: a node writes a snapshot file of all its groups.</summary>
internal static class SnapshotCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(Shell shell)
    {
        Argument<int> node = CommonOptions.Node<int>("Id of the node");
        var options = new OperationOptions();
        Command command = options.On(new Command("snapshot", "Has a node write a snapshot file of all its groups and renew latest.snap, while everything goes on.") { node });
        command.SetAction((parsed, cancellation) =>
        {
            var request = new OperationRequest { Id = Guid.NewGuid(), Kind = OperationKind.Snapshot, Node = parsed.GetValue(node), Who = OperationFlow.Who, Title = $"snapshot {parsed.GetValue(node)}" };
            return new OperationFlow(shell, options, parsed).RunAsync(request, isAgreed: false, Describe, cancellation);
        });
        return command;
    }

    private static string Describe(OperationReport report)
    {
        string size = HumanText.Bytes(long.Parse(report.Facts["bytes"], CultureInfo.InvariantCulture));
        double seconds = (report.EndedAt!.Value - report.BeganAt).TotalSeconds;
        return string.Create(CultureInfo.InvariantCulture, $"Snapshot {report.Facts["path"]}: {size}, {seconds:0.0} s, applied index {report.Facts["appliedIndex"]} (groups: {report.Facts["appliedIndexes"]}).");
    }
}
