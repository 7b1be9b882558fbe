using Lattice.Grains.Access;
using Lattice.Silo.Configuration;
using Lattice.Silo.Requests;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;

namespace Lattice.Silo.Security;

/// <summary>What <c>[security]</c> means for a silo.</summary>
internal static partial class SecurityWiring
{
    public static void Configure(ISiloBuilder silo, SecuritySettings security)
    {
        silo.Services.AddSingleton<AccessLog>();
        silo.Services.AddSingleton<GatewayCallers>();
        silo.Services.AddSingleton<GatewayGuard>();
        silo.Services.AddSingleton<RequestReceiver>();
        if (security.Tls is not null)
        {
            // First, so that it is outermost: everything else is spoken within it.
            AddTls(silo, security.Tls);
        }

        if (security.ClusterSecretFile.Length > 0)
        {
            silo.Services.AddSingleton(_ => ClusterSecret.Read(security.ClusterSecretFile));
            silo.Services.AddSingleton<SiloEntrance>();
            silo.Services.AddSingleton<SiloExit>();
            silo.Configure<SiloConnectionOptions>(o =>
            {
                o.ConfigureSiloInboundConnection(connection => connection.UseMiddleware<SiloEntrance>());
                o.ConfigureSiloOutboundConnection(connection => connection.UseMiddleware<SiloExit>());
            });
        }

        if (security.TokensFile.Length > 0)
        {
            silo.Services.AddSingleton(new TokenFile(security.TokensFile));
            silo.Services.AddSingleton<TokenBook>();
            silo.Services.AddSingleton<RefusalAudit>();
            silo.Services.AddSingleton<AccessDesk>();
            silo.Services.AddHostedService(services => services.GetRequiredService<RefusalAudit>());
            silo.AddIncomingGrainCallFilter<AccessFilter>();
        }

        silo.Configure<SiloConnectionOptions>(o =>
        {
            o.ConfigureGatewayInboundConnection(connection => connection.UseMiddleware<RequestReceiver>());

            // Without security too: what it keeps out would end the process.
            o.ConfigureGatewayInboundConnection(connection => connection.UseMiddleware<GatewayGuard>());
        });
    }

    /// <summary>Reads all files, so that what is wrong with them is said before anything listens.</summary>
    public static void Check(IServiceProvider services)
    {
        _ = services.GetService<TlsFiles>()?.Current;
        services.GetService<ClusterSecret>();
        services.GetService<TokenBook>();
    }

    private static void AddTls(ISiloBuilder silo, TlsSettings tls)
    {
        silo.Services.AddSingleton(services =>
        {
            ILogger logger = services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(TlsFiles).FullName!);
            return new TlsFiles(tls.CertificateFile, tls.KeyFile, tls.AuthorityFile, problem => LogNotRenewed(logger, problem));
        });
        silo.Services.AddSingleton<TlsDoors>();
        silo.Configure<SiloConnectionOptions>(o =>
        {
            o.ConfigureSiloInboundConnection(c => c.ApplicationServices.GetRequiredService<TlsDoors>().Guard(c, TlsPeer.Node, "a connection to the port of nodes"));
            o.ConfigureSiloOutboundConnection(c => c.ApplicationServices.GetRequiredService<TlsDoors>().Encrypt(c));
            o.ConfigureGatewayInboundConnection(c => c.ApplicationServices.GetRequiredService<TlsDoors>().Guard(c, TlsPeer.Client, "a connection to the gateway"));
        });
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Problem} Those read before stay in use")]
    private static partial void LogNotRenewed(ILogger logger, string problem);
}
