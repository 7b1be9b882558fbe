using System.Globalization;
using Lattice.Grains;
using Lattice.Grains.Access;

namespace Lattice.Silo.Security;

/// <summary>Decides by the token that is shown who from outside is let in to what, and tells him, the log and the audit why he was not.</summary>
internal sealed class AccessDesk(TokenBook tokens, AccessLog log, RefusalAudit audit, NodeInfo node, TimeProvider time)
{
    /// <summary>Looks at a token.</summary>
    /// <param name="token">What was shown; null: nothing.</param>
    /// <param name="required">The role that is needed.</param>
    /// <param name="bearer">What is known of the token; null: nothing.</param>
    /// <returns>Why it does not do; null: it does.</returns>
    public AccessRefusal? Look(string? token, LatticeRole required, out TokenRecord? bearer)
    {
        bearer = token is null ? null : tokens.Find(token);
        return bearer is null ? token is null ? AccessRefusal.TokenMissing : AccessRefusal.TokenUnknown
            : bearer.RefusalAt(time.GetUtcNow()) ?? (bearer.Role < required ? AccessRefusal.RoleTooLow : null);
    }

    /// <summary>Tells of somebody who is not let in, and makes what he is told.</summary>
    /// <param name="why">Why.</param>
    /// <param name="what">What he wanted.</param>
    /// <param name="where">Where he is.</param>
    /// <param name="bearer">What is known of his token; null: nothing.</param>
    /// <param name="required">The role that he needs.</param>
    public AccessRefusedException Refuse(AccessRefusal why, string what, string where, TokenRecord? bearer, LatticeRole required)
    {
        string role = required.ToString().ToLowerInvariant();
        (AccessReason reason, string happened, string remedy) = why switch
        {
            AccessRefusal.TokenMissing => (AccessReason.TokenMissing, "the call carries no token", "Make one on a node with 'lattice token create NAME --role read' (or write, or admin, for what it is to do) and give it with LATTICE_TOKEN or --token-file, in an application with LatticeClientOptions.Token."),
            AccessRefusal.TokenUnknown => (AccessReason.TokenUnknown, "its token is not known", "Check that it was copied whole and is meant for this cluster. 'lattice token list' on the node shows which tokens there are, 'lattice token create NAME --role read' (or write, or admin) makes one. On several hosts the tokens file has to be copied to each."),
            AccessRefusal.TokenRevoked => (AccessReason.TokenRevoked, $"the token '{bearer!.Name}' was revoked on {Day(bearer.RevokedAt)}", $"Ask the operators for another one ('lattice token create NAME --role {role}')."),
            AccessRefusal.TokenExpired => (AccessReason.TokenExpired, $"the token '{bearer!.Name}' expired on {Day(bearer.ExpiresAt)}", $"Make another one: 'lattice token create {bearer.Name} --role {role}'."),
            _ => (AccessReason.RoleTooLow, $"the token '{bearer!.Name}' has the role {bearer.Role.ToString().ToLowerInvariant()}, and this needs {role}", $"Use a token of that role: 'lattice token create NAME --role {role}' on a node makes one."),
        };
        string who = bearer is null ? "an unknown client" : $"token '{bearer.Name}'";
        log.Call(reason, what, who, where, happened);
        if (required == LatticeRole.Admin)
        {
            audit.Note(who, what, happened);
        }

        return new AccessRefusedException(why, $"Node {node.Node} of cluster '{node.ClusterName}' did not let the call {what} in: {happened}. Nothing was done. {remedy}");
    }

    private static string Day(DateTimeOffset? moment) => moment?.UtcDateTime.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture) ?? "";
}
