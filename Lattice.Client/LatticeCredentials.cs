using Lattice.Grains.Access;
using Orleans.Configuration;

namespace Lattice.Client;

/// <summary>Lets a plain Orleans client into a cluster that asks for tokens or TLS: for applications that host Lattice beside grains of their own and call those from outside.</summary>
public static class LatticeCredentials
{
    /// <summary>Has the client show a token with every call, and encrypt its connections.</summary>
    /// <param name="client">The client.</param>
    /// <param name="token">The token; null: none.</param>
    /// <param name="tls">TLS; null: none.</param>
    /// <returns>The same client.</returns>
    /// <exception cref="TlsFilesException">The files of TLS cannot be used.</exception>
    public static IClientBuilder UseLatticeCredentials(this IClientBuilder client, string? token, LatticeTls? tls = null) =>
        client.Show(token, tls, _ => { }, _ => { });

    internal static IClientBuilder Show(this IClientBuilder client, string? token, LatticeTls? tls, Action<AccessRefusedException> refused, Action<string> unusable)
    {
        client.AddOutgoingGrainCallFilter(new TokenBearer(token, refused));
        if (HandshakeOf(tls) is { } handshake)
        {
            client.Configure<ClientConnectionOptions>(o => o.ConfigureConnection(connection => connection.Use(next => context => handshake.ConnectAsync(context, next, tellsOfSilence: true, unusable))));
        }

        return client;
    }

    /// <summary>How connections are encrypted; null: they are not.</summary>
    internal static TlsHandshake? HandshakeOf(LatticeTls? tls)
    {
        if (tls is null)
        {
            return null;
        }

        var files = new TlsFiles(tls.CertificateFile, tls.KeyFile, tls.AuthorityFile, _ => { });
        _ = files.Current;
        return new TlsHandshake(files);
    }

    /// <summary>Puts the token into every call, those that Orleans makes by itself included, and notices when one was not let in.</summary>
    private sealed class TokenBearer(string? token, Action<AccessRefusedException> refused) : IOutgoingGrainCallFilter
    {
        public async Task Invoke(IOutgoingGrainCallContext context)
        {
            if (token is not null)
            {
                RequestContext.Set(CallerContext.Token, token);
            }

            try
            {
                await context.Invoke().ConfigureAwait(false);
            }
            catch (AccessRefusedException refusal)
            {
                refused(refusal);
                throw;
            }

            if (context.Response?.Exception is AccessRefusedException answer)
            {
                refused(answer);
            }
        }
    }
}
