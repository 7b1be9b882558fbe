using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Lattice.Cli.Cluster;
using Lattice.Cli.Output;
using Lattice.Grains;

namespace Lattice.Cli.Commands.Admin;

/// <summary><c>lattice admin verify N</c>: has a node read and check everything that it holds.</summary>
internal static class VerifyCommand
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>Makes the command.</summary>
    public static Command Create(Shell shell)
    {
        Argument<int> node = CommonOptions.Node<int>("Id of the node");
        Option<string?> config = CommonOptions.Config();
        Option<bool> json = CommonOptions.Json();
        Option<double> timeout = CommonOptions.Timeout();
        var command = new Command("verify", "Has a node read and check everything that it holds: state, cache, log, snapshot files. A node that finds a difference stops.") { node, config, json, timeout };
        command.SetAction((parsed, cancellation) =>
        {
            ClusterLocation location = ClusterLocator.Of(shell).Locate(parsed.GetValue(config));
            return RunAsync(shell, location, parsed.GetValue(node), TimeSpan.FromSeconds(parsed.GetValue(timeout)), parsed.GetValue(json), cancellation);
        });
        return command;
    }

    private static async Task<int> RunAsync(Shell shell, ClusterLocation location, int node, TimeSpan timeout, bool json, CancellationToken cancellation)
    {
        ClusterConnection connection = await ClusterConnection.OpenAsync(location, timeout, cancellation).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            long began = Stopwatch.GetTimestamp();
            VerifyProgress begun = await connection.Client.VerifyAsync(node, begin: true, cancellation).ConfigureAwait(false);
            var progress = new TransferProgress(shell, $"Verifying node {node}");
            VerifyProgress now = begun;
            while (now.Failure is null && now.Difference is null && now.Completed < begun.Round)
            {
                await Task.Delay(PollInterval, cancellation).ConfigureAwait(false);
                now = await connection.Client.VerifyAsync(node, begin: false, cancellation).ConfigureAwait(false);
                progress.Report(now.Bytes, now.Part.Length > 0 ? $"{now.Part} ({now.PartsDone + 1} of {now.Parts})" : "");
            }

            progress.Done();
            if (now.Failure is { } failure)
            {
                throw new CommandFailedException(ExitCodes.Unavailable, begun.Failure is null
                    ? $"Node {node} stopped answering while it was verified: if it found a difference, it has stopped and its log says so. {failure}"
                    : $"Nothing was verified. {failure}");
            }

            var report = new VerifyReport(node, now.Difference is null, now.Difference, now.Bytes, Stopwatch.GetElapsedTime(began).TotalSeconds);
            await PrintAsync(shell, report, json).ConfigureAwait(false);
            return report.Sound ? ExitCodes.Success : ExitCodes.Negative;
        }
    }

    private static async Task PrintAsync(Shell shell, VerifyReport report, bool json)
    {
        string text = json
            ? JsonSerializer.Serialize(report, CliJson.Lines.VerifyReport)
            : report.Difference is { } difference
                ? $"Node {report.Node} is not what it has to be: {difference} It stops and writes divergence-report.json into its data directory, which says what to do."
                : string.Create(CultureInfo.InvariantCulture, $"Node {report.Node} holds what it has to hold: {HumanText.Bytes(report.Bytes)} read and checked in {report.Seconds:0.0} s.");
        await shell.Out.WriteLineAsync(text).ConfigureAwait(false);
    }
}

/// <summary>The shape of <c>lattice admin verify --json</c>; documented in <c>docs/cli.md</c>, fields are only ever added.</summary>
/// <param name="Node">The node.</param>
/// <param name="Sound">Whether no difference was found.</param>
/// <param name="Difference">What was found; null: nothing.</param>
/// <param name="Bytes">Bytes read.</param>
/// <param name="Seconds">What it took.</param>
internal sealed record VerifyReport(int Node, bool Sound, string? Difference, long Bytes, double Seconds);
