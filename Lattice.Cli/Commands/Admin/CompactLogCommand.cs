using System.CommandLine;
using System.Globalization;
using Lattice.Cli.Operations;
using Lattice.Cli.Output;
using Lattice.Grains;

namespace Lattice.Cli.Commands.Admin;

/// <summary><c>lattice admin compact-log N KEEP</c>: a node drops all but the last entries of its log.</summary>
internal static class CompactLogCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(Shell shell)
    {
        Argument<int> node = CommonOptions.Node<int>("Id of the node");
        var keep = new Argument<long>("KEEP") { Description = "Entries of each group that stay at least" };
        keep.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && !(long.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out _)))
            {
                result.AddError($"KEEP is a number of entries from 0, not '{result.Tokens[0].Value}'.");
            }
        });
        var options = new OperationOptions();
        Command command = options.On(new Command("compact-log", "Has a node make its state durable and drop all but the last KEEP entries of each group.") { node, keep });
        command.SetAction((parsed, cancellation) =>
        {
            (int id, long entries) = (parsed.GetValue(node), parsed.GetValue(keep));
            var request = new OperationRequest
            {
                Id = Guid.NewGuid(),
                Kind = OperationKind.CompactLog,
                Node = id,
                Keep = entries,
                Who = OperationFlow.Who,
                Title = string.Create(CultureInfo.InvariantCulture, $"compact-log {id} {entries}"),
            };
            return new OperationFlow(shell, options, parsed).RunAsync(request, isAgreed: false, Describe, cancellation);
        });
        return command;
    }

    private static string Describe(OperationReport report)
    {
        long freed = long.Parse(report.Facts["freedBytes"], CultureInfo.InvariantCulture);
        string why = freed > 0 ? "" : " Space is freed by whole files (max_wal_size_mb), and none held only dropped entries.";
        return $"Log of node {report.Request.Node}: freed {HumanText.Bytes(freed)} in {report.Facts["removedSegments"]} files; {report.Facts["droppedEntries"]} entries dropped, {report.Facts["keptEntries"]} kept.{why}";
    }
}
