using Lattice.Client;

namespace Lattice.Cli.Cluster;

/// <summary>A connection to a located cluster through any of its nodes.</summary>
internal sealed class ClusterConnection : IAsyncDisposable
{
    // Orleans waits for calls that were given up but are still under way; a command that has its answer does not.
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromMilliseconds(200);

    private ClusterConnection(LatticeClient client) => Client = client;

    /// <summary>The client.</summary>
    public LatticeClient Client { get; }

    /// <summary>Connects.</summary>
    /// <param name="location">Where the cluster is.</param>
    /// <param name="timeout">Longest wait for a connection, and for each answer.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <param name="attempt">Longest wait for one node's answer before another one is asked; null: the client's default.</param>
    /// <exception cref="CommandFailedException">No node answered.</exception>
    /// <exception cref="LatticeAccessException">The cluster did not let this client in.</exception>
    public static async Task<ClusterConnection> OpenAsync(ClusterLocation location, TimeSpan timeout, CancellationToken cancellation, TimeSpan? attempt = null)
    {
        var options = new LatticeClientOptions { ClusterName = location.Name, RequestTimeout = timeout, Token = location.Token };
        if (location.Tls is { } tls)
        {
            options.Tls = new LatticeTls(tls.CertificateFile, tls.KeyFile, tls.AuthorityFile);
        }

        options.AttemptTimeout = attempt ?? options.AttemptTimeout;
        foreach (MemberLocation member in location.Members)
        {
            options.Gateways.Add(member.Gateway);
        }

        // The client bounds the wait by the request timeout. Closing what it tried may take longer, so it is not waited for.
        Task<LatticeClient> connecting = LatticeClient.ConnectAsync(options, cancellation);
        try
        {
            return new ClusterConnection(await connecting.WaitAsync(timeout + CloseTimeout, cancellation).ConfigureAwait(false));
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested && e is not LatticeAccessException && e is LatticeException or TimeoutException)
        {
            throw new CommandFailedException(ExitCodes.Unavailable, NothingReachable(location), e);
        }
    }

    /// <summary>Says what was tried and what to do.</summary>
    public static string NothingReachable(ClusterLocation location) =>
        $"No node of cluster '{location.Name}' answered; tried {string.Join(", ", location.Members.Select(m => $"node {m.Id} at {m.Gateway}"))} (from {location.Source}). "
        + "Nothing was read or changed. Check that the nodes run ('lattice start N CONFIG', or their service) and that this machine reaches the addresses."
        + (location.Tls is null ? " If the cluster uses TLS, that configuration has to name a certificate for this machine ([security] tls_certificate, tls_key, tls_ca)." : "");

    /// <summary>Closes, for a moment at most.</summary>
    public async ValueTask DisposeAsync()
    {
        Task closing = Task.Run(async () => await Client.DisposeAsync().ConfigureAwait(false));
        await ((Task)Task.WhenAny(closing, Task.Delay(CloseTimeout))).ConfigureAwait(false);
    }
}
