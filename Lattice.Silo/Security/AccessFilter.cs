using Lattice.Grains.Access;

namespace Lattice.Silo.Security;

/// <summary>Asks every call from outside, to whichever grain, for a token whose role includes it.</summary>
internal sealed class AccessFilter(AccessDesk desk, GatewayCallers callers) : IIncomingGrainCallFilter
{
    /// <inheritdoc/>
    public Task Invoke(IIncomingGrainCallContext context) => context.SourceId is { } source && OutsideCaller.Is(source) ? CheckAsync(context, source) : context.Invoke();

    private async Task CheckAsync(IIncomingGrainCallContext context, GrainId source)
    {
        // Neither is to travel on with the calls that the grain makes, and the name is only this filter's to give.
        string? token = RequestContext.Get(CallerContext.Token) as string;
        RequestContext.Remove(CallerContext.Token);
        RequestContext.Remove(CallerContext.Name);

        LatticeRole required = RequiredRoles.Of(context.InterfaceMethod);
        if (desk.Look(token, required, out TokenRecord? bearer) is { } why)
        {
            throw desk.Refuse(why, $"{context.InterfaceMethod.DeclaringType?.Name}.{context.MethodName}", callers.Describe(source), bearer, required);
        }

        if (required == LatticeRole.Admin)
        {
            RequestContext.Set(CallerContext.Name, bearer!.Name);
        }

        await context.Invoke().ConfigureAwait(true);
    }
}
