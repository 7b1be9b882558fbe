using System.CommandLine;
using Lattice.Cli.Cluster;
using Lattice.Client;
using Lattice.Grains;

namespace Lattice.Cli.Operations;

/// <summary>Asks a cluster what was done to it.</summary>
internal static class OperationHistoryQuery
{
    /// <summary>Asks.</summary>
    public static async Task<OperationHistory> AskAsync(Shell shell, OperationOptions options, ParseResult parsed, CancellationToken cancellation)
    {
        ClusterLocation location = ClusterLocator.Of(shell).Locate(parsed.GetValue(options.Config));
        var timeout = TimeSpan.FromSeconds(parsed.GetValue(options.Timeout));
        ClusterConnection connection = await ClusterConnection.OpenAsync(location, timeout, cancellation, attempt: timeout / 2).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            try
            {
                OperationHistory history = await connection.Client.OperationsAsync(cancellation).ConfigureAwait(false);
                if (history.JournalFailure is { } failure)
                {
                    await shell.Error.WriteLineAsync($"lattice: The journal cannot be reached, so this is only what one node remembers: {failure}").ConfigureAwait(false);
                }

                return history;
            }
            catch (LatticeUnavailableException e)
            {
                throw new CommandFailedException(ExitCodes.Unavailable, ClusterConnection.NothingReachable(location), e);
            }
        }
    }
}
