namespace Lattice.Silo.Status;

/// <summary>How a cluster stands.</summary>
internal enum ClusterHealth
{
    /// <summary>Every member is up and caught up.</summary>
    Healthy = 0,

    /// <summary>It serves, but a member is missing or behind, or has no room for writes.</summary>
    Degraded = 1,

    /// <summary>At least one group has no majority or no leader.</summary>
    Unavailable = 2,
}
