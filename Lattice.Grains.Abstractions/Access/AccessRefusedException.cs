namespace Lattice.Grains.Access;

/// <summary>Why a call was not let in.</summary>
public enum AccessRefusal
{
    /// <summary>It carried no token.</summary>
    TokenMissing = 0,

    /// <summary>It carried one that the node does not know.</summary>
    TokenUnknown = 1,

    /// <summary>Its token was revoked.</summary>
    TokenRevoked = 2,

    /// <summary>The time of its token is over.</summary>
    TokenExpired = 3,

    /// <summary>Its token's role does not include what it asked for.</summary>
    RoleTooLow = 4,
}

/// <summary>A node did not let a call in. Nothing was done. The message says why, and what to do.</summary>
[GenerateSerializer, Alias("lattice.access-refused")]
public sealed class AccessRefusedException(AccessRefusal refusal, string message) : Exception(message)
{
    /// <summary>Why.</summary>
    [Id(0)] public AccessRefusal Refusal { get; } = refusal;
}
