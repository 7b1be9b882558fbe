using Lattice.Grains.Access;

namespace Lattice.Silo.Security;

/// <summary>What a node knows of a token.</summary>
/// <param name="Name">What it is called; stands in logs and audit.</param>
/// <param name="Role">What it lets do.</param>
/// <param name="Hash">SHA-256 of it, in hexadecimal digits.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="ExpiresAt">When its time is over; null: never.</param>
/// <param name="RevokedAt">When it was revoked; null: it was not. Such a one is kept, so that the log can say whose it is when it is used.</param>
public sealed record TokenRecord(string Name, LatticeRole Role, string Hash, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt, DateTimeOffset? RevokedAt)
{
    /// <summary>Why it lets nobody in any more at a time; null: it does.</summary>
    public AccessRefusal? RefusalAt(DateTimeOffset now) => this switch
    {
        { RevokedAt: not null } => AccessRefusal.TokenRevoked,
        { ExpiresAt: { } end } when end <= now => AccessRefusal.TokenExpired,
        _ => null,
    };
}
