using Lattice.Cli.Cluster;
using Lattice.Client;
using Lattice.Grains;
using Lattice.Silo.Status;

namespace Lattice.Cli.Status;

/// <summary>Asks a cluster how it stands.</summary>
internal static class StatusQuery
{
    // A node that lives answers within milliseconds; a dead one must not keep the others' answer back.
    private const int NodeTimeoutMs = 500;

    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);

    /// <summary>Asks; null if no node answered.</summary>
    public static async Task<ClusterView?> AskAsync(ClusterLocation location, CancellationToken cancellation)
    {
        if (await GatewayProbe.AllRefuseAsync(location, cancellation).ConfigureAwait(false))
        {
            return null;
        }

        try
        {
            ClusterConnection connection = await ClusterConnection.OpenAsync(location, ConnectTimeout, cancellation).ConfigureAwait(false);
            await using (connection.ConfigureAwait(false))
            {
                return await AskAsync(connection.Client, cancellation).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested && e is not LatticeAccessException && e is CommandFailedException or LatticeException or TimeoutException or OperationCanceledException)
        {
            return null;
        }
    }

    /// <summary>Asks through a connected client.</summary>
    public static async Task<ClusterView> AskAsync(LatticeClient client, CancellationToken cancellation) =>
        ClusterView.Of(await client.StatusAsync(NodeTimeoutMs, cancellation).ConfigureAwait(false));

    /// <summary>What is known when no node answers: the configured nodes, none of them reachable.</summary>
    public static ClusterView NothingReachable(ClusterLocation location) => ClusterView.Of(new ClusterStatus
    {
        Name = location.Name,
        Nodes = [.. location.Members.Select(m => new NodeStatus { Node = m.Id, Address = m.Address })],
    });
}
