using Lattice.Client;

namespace Lattice.Cli.Cluster;

/// <summary>Connects to a located cluster through any of its nodes.</summary>
internal static class ClusterConnection
{
    /// <summary>Connects.</summary>
    /// <exception cref="CommandFailedException">No node answered.</exception>
    public static async Task<LatticeClient> OpenAsync(ClusterLocation location, TimeSpan timeout, CancellationToken cancellation)
    {
        var options = new LatticeClientOptions { ClusterName = location.Name, RequestTimeout = timeout };
        foreach (MemberLocation member in location.Members)
        {
            options.Gateways.Add(member.Gateway);
        }

        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        deadline.CancelAfter(timeout);
        try
        {
            return await LatticeClient.ConnectAsync(options, deadline.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested && e is LatticeException or OperationCanceledException or TimeoutException)
        {
            throw new CommandFailedException(ExitCodes.Unavailable, NothingReachable(location), e);
        }
    }

    /// <summary>Says what was tried and what to do.</summary>
    public static string NothingReachable(ClusterLocation location) =>
        $"No node of cluster '{location.Name}' answered; tried {string.Join(", ", location.Members.Select(m => $"node {m.Id} at {m.Gateway}"))} (from {location.Source}). "
        + "Nothing was read or changed. Check that the nodes run ('lattice start N CONFIG', or their service) and that this machine reaches the addresses.";
}
