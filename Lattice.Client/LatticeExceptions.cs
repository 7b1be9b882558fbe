using Lattice.Grains.Access;
using Lattice.Grains.Requests;

namespace Lattice.Client;

/// <summary>A request failed. The message says what happened, what it means and what to do.</summary>
public class LatticeException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>No node could be reached, or the cluster has no majority. Nothing is known to have been done.</summary>
public sealed class LatticeUnavailableException(string message, Exception? inner = null) : LatticeException(message, inner);

/// <summary>The request was not answered in time. A write may have been done, or may yet be.</summary>
public sealed class LatticeTimeoutException(string message, Exception? inner = null) : LatticeException(message, inner);

/// <summary>The cluster has more to do than it can take. Nothing was done.</summary>
public sealed class LatticeOverloadedException(string message) : LatticeException(message);

/// <summary>The disk of a group's leader is full. Nothing was done; reads go on.</summary>
public sealed class LatticeDiskFullException(string message) : LatticeException(message);

/// <summary>The cluster did not let this client in: a token is missing, unknown, revoked, expired or of too low a role, or the connection is not one that it accepts. Nothing was done.</summary>
public sealed class LatticeAccessException(AccessRefusal? refusal, string message, Exception? inner = null) : LatticeException(message, inner)
{
    /// <summary>What was wrong with the token; null: it was the connection (certificate, TLS).</summary>
    public AccessRefusal? Refusal { get; } = refusal;
}

/// <summary>The request is not allowed: too large, in several slots, malformed. Nothing was done.</summary>
public sealed class LatticeRequestException(RefusalReason reason, string message) : LatticeException(message)
{
    /// <summary>Why.</summary>
    public RefusalReason Reason { get; } = reason;
}
