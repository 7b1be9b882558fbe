using Microsoft.AspNetCore.Connections;
using Orleans.Runtime.Messaging;

namespace Lattice.Silo.Security;

/// <summary>Lets only nodes of the cluster speak to this one as nodes: whoever connects to the silo port has to show that it knows the cluster's secret.</summary>
internal sealed class SiloEntrance(ClusterSecret secret, AccessLog log) : IConnectionMiddleware
{
    public async Task OnConnectionAsync(ConnectionContext context, ConnectionDelegate next)
    {
        string? problem = await secret.AcceptAsync(context).ConfigureAwait(false);
        if (problem is null)
        {
            await next(context).ConfigureAwait(false);
        }
        else if (problem.Length > 0)
        {
            log.Connection(AccessReason.Secret, "a connection to the port of nodes", context.RemoteEndPoint, problem);
        }
    }
}

/// <summary>The other end of it, which has to show the same: this node does not give itself to somebody who took another's address.</summary>
internal sealed class SiloExit(ClusterSecret secret, AccessLog log) : IConnectionMiddleware
{
    public async Task OnConnectionAsync(ConnectionContext context, ConnectionDelegate next)
    {
        if (await secret.ConnectAsync(context).ConfigureAwait(false) is { } problem)
        {
            log.Connection(AccessReason.Secret, "whoever answers at the address of a node", context.RemoteEndPoint, problem);
            throw new ConnectionRefusedException(problem);
        }

        await next(context).ConfigureAwait(false);
    }
}
