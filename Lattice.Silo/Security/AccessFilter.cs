using System.Globalization;
using Lattice.Grains;
using Lattice.Grains.Access;

namespace Lattice.Silo.Security;

/// <summary>Asks every call from outside, to whichever grain, for a token whose role includes it.</summary>
internal sealed class AccessFilter(TokenBook tokens, GatewayCallers callers, AccessLog log, RefusalAudit audit, NodeInfo node, TimeProvider time) : IIncomingGrainCallFilter
{
    /// <inheritdoc/>
    public Task Invoke(IIncomingGrainCallContext context) => context.SourceId is { } source && OutsideCaller.Is(source) ? CheckAsync(context, source) : context.Invoke();

    private async Task CheckAsync(IIncomingGrainCallContext context, GrainId source)
    {
        // Neither is to travel on with the calls that the grain makes, and the name is only this filter's to give.
        string? token = RequestContext.Get(CallerContext.Token) as string;
        RequestContext.Remove(CallerContext.Token);
        RequestContext.Remove(CallerContext.Name);

        TokenRecord? bearer = token is null ? null : tokens.Find(token);
        LatticeRole required = RequiredRoles.Of(context.InterfaceMethod);
        AccessRefusal? refusal = bearer is null ? token is null ? AccessRefusal.TokenMissing : AccessRefusal.TokenUnknown
            : bearer.RefusalAt(time.GetUtcNow()) ?? (bearer.Role < required ? AccessRefusal.RoleTooLow : null);
        if (refusal is { } why)
        {
            Refuse(why, context, source, bearer, required);
        }

        if (required == LatticeRole.Admin)
        {
            RequestContext.Set(CallerContext.Name, bearer!.Name);
        }

        await context.Invoke().ConfigureAwait(true);
    }

    private void Refuse(AccessRefusal why, IIncomingGrainCallContext context, GrainId source, TokenRecord? bearer, LatticeRole required)
    {
        string what = $"{context.InterfaceMethod.DeclaringType?.Name}.{context.MethodName}";
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
        log.Call(reason, what, who, callers.Describe(source), happened);
        if (required == LatticeRole.Admin)
        {
            audit.Note(who, what, happened);
        }

        throw new AccessRefusedException(why, $"Node {node.Node} of cluster '{node.ClusterName}' did not let the call {what} in: {happened}. Nothing was done. {remedy}");
    }

    private static string Day(DateTimeOffset? moment) => moment?.UtcDateTime.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture) ?? "";
}
