using Lattice.Grains.Access;
using Microsoft.AspNetCore.Connections;

namespace Lattice.Silo.Security;

/// <summary>TLS on the ports of a node.</summary>
internal sealed class TlsDoors(TlsFiles files, AccessLog log)
{
    private readonly TlsHandshake handshake = new(files);

    /// <summary>A port that is connected to.</summary>
    /// <param name="builder">Its connections.</param>
    /// <param name="peer">Who is let in.</param>
    /// <param name="what">What the port is, for the log.</param>
    public void Guard(IConnectionBuilder builder, TlsPeer peer, string what) => builder.Use(next => context =>
        handshake.AcceptAsync(context, next, peer, problem => log.Connection(AccessReason.Certificate, what, context.RemoteEndPoint, problem)));

    /// <summary>Connections that are made to other nodes.</summary>
    public void Encrypt(IConnectionBuilder builder) => builder.Use(next => context =>
        handshake.ConnectAsync(context, next, tellsOfSilence: false, problem => log.Connection(AccessReason.Certificate, "whoever answers at the address of a node", context.RemoteEndPoint, problem)));
}
