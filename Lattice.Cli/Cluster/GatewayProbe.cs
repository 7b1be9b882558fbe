using System.Net.Sockets;
using Lattice.Silo.Configuration;

namespace Lattice.Cli.Cluster;

/// <summary>Looks whether anybody listens where a cluster's nodes should, which is known much sooner than that nobody answers.</summary>
internal static class GatewayProbe
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    /// <summary>Whether every node's host says that nobody listens. False as soon as one does, or when a host says nothing.</summary>
    public static async Task<bool> AllRefuseAsync(ClusterLocation location, CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(Patience);
        await foreach (Task<bool> refused in Task.WhenEach(location.Members.Select(member => RefusesAsync(member.Gateway, patience.Token))).ConfigureAwait(false))
        {
            if (!await refused.ConfigureAwait(false))
            {
                await patience.CancelAsync().ConfigureAwait(false);
                return false;
            }
        }

        return true;
    }

    private static async Task<bool> RefusesAsync(string gateway, CancellationToken cancellation)
    {
        (string host, int port) = HostPort.Parse(gateway);
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(host, port, cancellation).ConfigureAwait(false);
            return false;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode == SocketError.ConnectionRefused;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
