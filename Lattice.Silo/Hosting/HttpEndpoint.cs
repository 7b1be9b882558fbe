using System.Net;
using Lattice.Grains.Access;
using Lattice.Silo.Configuration;
using Lattice.Silo.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Lattice.Silo.Hosting;

/// <summary>Where metrics and health are served, and how.</summary>
internal static class HttpEndpoint
{
    // Nobody sends anything here that is larger than a question.
    private const int MaxRequestBytes = 64 << 10;
    private const int MaxConnections = 200;

    public static void Configure(WebApplicationBuilder builder, NodeSettings settings)
    {
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = MaxRequestBytes;
            kestrel.Limits.MaxConcurrentConnections = MaxConnections;
            kestrel.AddServerHeader = false;
            if (settings.Security.Http != HttpSecurity.Plain)
            {
                (string host, int port) = HostPort.Parse(settings.MetricsAddress);
                TlsPeer peer = settings.Security.Http == HttpSecurity.MutualTls ? TlsPeer.Client : TlsPeer.Anybody;
                kestrel.Listen(new IPEndPoint(OrleansWiring.Resolve(host), port), listen =>
                {
                    listen.Protocols = HttpProtocols.Http1;
                    listen.ApplicationServices.GetRequiredService<TlsDoors>().Guard(listen, peer, "a connection to the HTTP endpoint");
                });
            }
        });
        if (settings.Security.Http == HttpSecurity.Plain)
        {
            builder.WebHost.UseUrls($"http://{settings.MetricsAddress}");
        }
    }
}
