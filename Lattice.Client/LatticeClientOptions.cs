using Microsoft.Extensions.Logging;

namespace Lattice.Client;

/// <summary>How an application reaches a cluster.</summary>
public sealed class LatticeClientOptions
{
    /// <summary>The cluster's name.</summary>
    public string ClusterName { get; set; } = "lattice";

    /// <summary>Gateways (host:port) of the nodes. Any of them will do; the more, the better a node's loss is borne.</summary>
    public IList<string> Gateways { get; } = [];

    /// <summary>Longest time for a request with all its attempts.</summary>
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Longest time for one attempt, after which another node is asked; about two election timeouts. Orleans itself tells only after
    /// many seconds that a call to a lost node is lost.
    /// </summary>
    public TimeSpan AttemptTimeout { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Most commands or reads in one call.</summary>
    public int MaxBatchRequests { get; set; } = 100;

    /// <summary>Most bytes of commands in one call; a larger command goes alone.</summary>
    public int MaxBatchBytes { get; set; } = 1 << 20;

    /// <summary>Calls under way for one group. What arrives meanwhile forms the next batch.</summary>
    public int CallsPerGroup { get; set; } = 2;

    /// <summary>Requests that may wait for one group; further ones wait for room.</summary>
    public int MaxWaitingRequests { get; set; } = 10_000;

    /// <summary>The token to show, where the cluster asks for one (<c>lattice token create</c>); null: none.</summary>
    public string? Token { get; set; }

    /// <summary>TLS, where the cluster asks for it; null: none.</summary>
    public LatticeTls? Tls { get; set; }

    /// <summary>Where the connections log; null: nowhere.</summary>
    public ILoggerFactory? LoggerFactory { get; set; }

    internal void Validate()
    {
        if (Gateways.Count == 0)
        {
            throw new ArgumentException("No gateway is given. Add the host:port of at least one node's gateway to Gateways.", nameof(Gateways));
        }

        ArgumentException.ThrowIfNullOrWhiteSpace(ClusterName);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(RequestTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(AttemptTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxBatchRequests, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxBatchBytes, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(CallsPerGroup, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxWaitingRequests, 1);
    }
}
