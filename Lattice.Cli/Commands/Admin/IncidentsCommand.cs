using System.CommandLine;
using System.Text.Json;
using Lattice.Cli.Cluster;
using Lattice.Cli.Operations;
using Lattice.Client;
using Lattice.Grains;
using Lattice.Silo.Status;

namespace Lattice.Cli.Commands.Admin;

/// <summary><c>lattice admin incidents</c>: when the replicas of a group did not agree, and what became of it, newest first.</summary>
internal static class IncidentsCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(Shell shell)
    {
        var options = new OperationOptions();
        Command command = options.On(new Command("incidents", "Shows when replicas did not agree, and what became of it, newest first."));
        command.SetAction(async (parsed, cancellation) =>
        {
            ClusterLocation location = ClusterLocator.Of(shell).Locate(parsed.GetValue(options.Config));
            IncidentHistory history = await AskAsync(location, TimeSpan.FromSeconds(parsed.GetValue(options.Timeout)), cancellation).ConfigureAwait(false);
            await shell.Out.WriteAsync(parsed.GetValue(options.Json)
                ? JsonSerializer.Serialize(IncidentsReport.Of(history), CliJson.Indented.IncidentsReport) + Environment.NewLine
                : string.Concat(history.Incidents.Select(IncidentReport.Text))).ConfigureAwait(false);
            if (history.StorageFailure is { } failure)
            {
                await shell.Error.WriteLineAsync($"lattice: Stored incidents cannot be reached, so these are only those that the verifiers remember: {failure}").ConfigureAwait(false);
            }

            if (history.SilentGroups.Count == 0)
            {
                return ExitCodes.Success;
            }

            await shell.Error.WriteLineAsync($"lattice: The verifier of group {string.Join(", ", history.SilentGroups)} did not answer, so its incidents are missing here. Ask again in a moment: it moves to another node when its own is lost.").ConfigureAwait(false);
            return ExitCodes.Unavailable;
        });
        return command;
    }

    private static async Task<IncidentHistory> AskAsync(ClusterLocation location, TimeSpan timeout, CancellationToken cancellation)
    {
        ClusterConnection connection = await ClusterConnection.OpenAsync(location, timeout, cancellation, attempt: timeout / 2).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            try
            {
                return await connection.Client.IncidentsAsync(cancellation).ConfigureAwait(false);
            }
            catch (LatticeUnavailableException e)
            {
                throw new CommandFailedException(ExitCodes.Unavailable, ClusterConnection.NothingReachable(location), e);
            }
        }
    }
}
