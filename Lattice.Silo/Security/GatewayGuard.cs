using System.IO.Pipelines;
using Lattice.Grains;
using Microsoft.AspNetCore.Connections;
using Orleans.Metadata;
using Orleans.Runtime.Messaging;

namespace Lattice.Silo.Security;

/// <summary>Puts a <see cref="FrameGate"/> before every connection of a client.</summary>
internal sealed class GatewayGuard(GatewayCallers callers, GrainTypeResolver types, AccessLog log) : IConnectionMiddleware
{
    private readonly Lazy<IReadOnlyList<GrainType>> ownGrains = new(() => [.. typeof(ShardGrain).Assembly.GetTypes().Where(t => typeof(Grain).IsAssignableFrom(t) && !t.IsAbstract).Select(types.GetGrainType)]);

    public async Task OnConnectionAsync(ConnectionContext context, ConnectionDelegate next)
    {
        IDuplexPipe transport = context.Transport;
        var gate = new FrameGate(client => callers.Add(client, context.RemoteEndPoint), ownGrains.Value);
        var reader = new GuardedReader(transport.Input, gate, problem => log.Connection(AccessReason.Protocol, "a connection to the gateway", context.RemoteEndPoint, problem));
        context.Transport = new Pipes(reader, transport.Output);
        try
        {
            await next(context).ConfigureAwait(false);
        }
        finally
        {
            context.Transport = transport;
            if (gate.Client is { } client)
            {
                callers.Remove(client, context.RemoteEndPoint);
            }
        }
    }

    private sealed record Pipes(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
