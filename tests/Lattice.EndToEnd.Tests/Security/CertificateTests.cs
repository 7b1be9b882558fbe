using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Lattice.Client;
using Lattice.EndToEnd.Tests.Harness;

namespace Lattice.EndToEnd.Tests.Security;

/// <summary>Whom a cluster with TLS lets connect.</summary>
[Trait("Share", "Full")]
[Collection(SecuredCluster.Shared)]
public sealed class CertificateTests(SecuredCluster secured)
{
    private const int NotPermitted = 77;

    [Theory]
    [InlineData("expired", "'CN=expired' expired on")]
    [InlineData("foreign", "'CN=foreign' is not one that the authority in tls_ca has signed")]
    public async Task A_certificate_that_does_not_count_is_refused_logged_and_counted(string certificate, string why)
    {
        long before = await secured.DeniedAsync("certificate");

        ProcessResult refused = secured.RunWithCertificate(certificate, "get", "greeting", "--timeout", "5");

        Assert.Equal(NotPermitted, refused.ExitCode);
        Assert.Contains("does not accept this certificate", refused.Errors, StringComparison.Ordinal);
        AssertLogged(why);
        Assert.True(await secured.DeniedAsync("certificate") > before);
    }

    [Fact]
    public async Task A_client_without_TLS_is_refused_logged_and_counted_and_the_advice_in_the_message_works()
    {
        long before = await secured.DeniedAsync("certificate");
        string plain = secured.Configuration(text => text.Replace("tls_", "# tls_", StringComparison.Ordinal).Replace("http = ", "# http = ", StringComparison.Ordinal));

        ProcessResult refused = secured.Cluster.Run("get", "greeting", "--config", plain, "--timeout", "3");

        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("If the cluster uses TLS, that configuration has to name a certificate", refused.Errors, StringComparison.Ordinal);
        AssertLogged("it does not speak TLS");
        Assert.True(await secured.DeniedAsync("certificate") > before);
        Assert.InRange(secured.RunWithCertificate("client", "get", "greeting").ExitCode, 0, 1);
    }

    [Fact]
    public async Task A_certificate_of_the_authority_is_let_in_and_one_that_was_renewed_is_taken_up_without_a_restart()
    {
        await using LatticeClient client = await LatticeClient.ConnectAsync(secured.Options(secured.OperatorToken));
        await client.PutAsync("certified", "yes");
        Assert.Equal("yes", (await client.GetAsync("certified"))?.Text);

        secured.Files.Renew("client");
        await using LatticeClient renewed = await LatticeClient.ConnectAsync(secured.Options(secured.OperatorToken));
        Assert.Equal("yes", (await renewed.GetAsync("certified"))?.Text);
    }

    [Fact]
    public async Task A_clients_certificate_does_not_make_it_a_node()
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync("127.0.0.1", secured.Cluster.SiloPortOf(1));
        await using var stream = new SslStream(socket.GetStream());
        await stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "",
            RemoteCertificateValidationCallback = (_, _, _, _) => true,
            ClientCertificateContext = SslStreamCertificateContext.Create(secured.Files.Load("client"), null, offline: true),
        });

        Exception? refused = await Record.ExceptionAsync(async () => Assert.Equal(0, await stream.ReadAsync(new byte[1])));

        Assert.True(refused is null or IOException, refused?.ToString());
        AssertLogged("'CN=client' is not that of a node");
    }

    [Fact]
    public async Task Without_the_clusters_secret_a_nodes_certificate_is_not_enough()
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync("127.0.0.1", secured.Cluster.SiloPortOf(1));
        await using var stream = new SslStream(socket.GetStream());
        await stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "",
            RemoteCertificateValidationCallback = (_, _, _, _) => true,
            ClientCertificateContext = SslStreamCertificateContext.Create(secured.Files.Load("node"), null, offline: true),
        });
        await stream.WriteAsync(Encoding.ASCII.GetBytes("LATTICE1" + new string('a', 32)));
        await stream.ReadExactlyAsync(new byte[64]);
        await stream.WriteAsync(new byte[32]);

        Exception? refused = await Record.ExceptionAsync(async () => Assert.Equal(0, await stream.ReadAsync(new byte[1])));

        Assert.True(refused is null or IOException, refused?.ToString());
        AssertLogged("it does not know the cluster's secret");
    }

    private void AssertLogged(string what) =>
        Eventually.Holds(() => secured.Log, log => log.Split('\n').Any(l => l.Contains("Access denied", StringComparison.Ordinal) && l.Contains(what, StringComparison.Ordinal)), TimeSpan.FromSeconds(5));
}
