using Lattice.Cli.Cluster;
using Lattice.Cli.Status;
using Lattice.Client;
using Lattice.Silo.Status;

namespace Lattice.Cli.Dev;

/// <summary>Keeps asking a cluster how it stands, through one connection for as long as it holds.</summary>
internal sealed class DevClient(ClusterLocation location) : IAsyncDisposable
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(2);

    private ClusterConnection? connection;

    /// <summary>How the cluster stands now; all unreachable if no node answers.</summary>
    public async Task<ClusterView> AskAsync(CancellationToken cancellation)
    {
        try
        {
            connection ??= await ClusterConnection.OpenAsync(location, ConnectTimeout, cancellation).ConfigureAwait(false);
            return await StatusQuery.AskAsync(connection.Client, cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested && e is not LatticeAccessException && e is CommandFailedException or LatticeException or TimeoutException or OperationCanceledException)
        {
            await DisposeAsync().ConfigureAwait(false);
            return StatusQuery.NothingReachable(location);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (connection is { } connected)
        {
            connection = null;
            await connected.DisposeAsync().ConfigureAwait(false);
        }
    }
}
