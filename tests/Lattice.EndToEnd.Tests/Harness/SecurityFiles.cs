using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Lattice.EndToEnd.Tests.Harness;

/// <summary>What an operator makes for a secured cluster: authority, certificates, secret, and a place for the tokens.</summary>
internal sealed class SecurityFiles : IDisposable
{
    private const string ServerPurpose = "1.3.6.1.5.5.7.3.1";
    private const string ClientPurpose = "1.3.6.1.5.5.7.3.2";

    private readonly string folder = Directory.CreateTempSubdirectory("lattice-security-").FullName;
    private readonly X509Certificate2 authority = Authority("CN=cluster authority");
    private readonly X509Certificate2 otherAuthority = Authority("CN=somebody else");

    public SecurityFiles()
    {
        File.WriteAllText(PathOf("ca.pem"), authority.ExportCertificatePem());
        File.WriteAllText(PathOf("cluster.secret"), Secret);
        Issue("node", authority, [ServerPurpose, ClientPurpose]);
        Issue("client", authority, [ClientPurpose]);
        Issue("expired", authority, [ClientPurpose], DateTimeOffset.UtcNow.AddDays(-1));
        Issue("foreign", otherAuthority, [ClientPurpose]);
    }

    public string Secret { get; } = Convert.ToHexString(RandomNumberGenerator.GetBytes(32));

    public string TokensFile => PathOf("tokens.json");

    public string OperatorTokenFile => PathOf("operator.token");

    /// <summary>The section that secures a node by tokens and a secret.</summary>
    public string Tokens => $"""
        [security]
        tokens_file = "{TokensFile}"
        operator_token_file = "{OperatorTokenFile}"
        cluster_secret_file = "{PathOf("cluster.secret")}"

        """;

    /// <summary>The same with TLS.</summary>
    public string TokensAndTls => Tokens + $"""
        tls_certificate = "{PathOf("node.pem")}"
        tls_key = "{PathOf("node.key")}"
        tls_ca = "{PathOf("ca.pem")}"
        http = "tls"

        """;

    public string PathOf(string name) => Path.Combine(folder, name);

    public X509Certificate2 Load(string name) => X509Certificate2.CreateFromPemFile(PathOf($"{name}.pem"), PathOf($"{name}.key"));

    /// <summary>Signs a certificate anew, as an operator does who renews it.</summary>
    public void Renew(string name) => Issue(name, authority, [ClientPurpose]);

    public void Dispose()
    {
        authority.Dispose();
        otherAuthority.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private static X509Certificate2 Authority(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-10), DateTimeOffset.UtcNow.AddDays(10));
    }

    private void Issue(string name, X509Certificate2 by, string[] purposes, DateTimeOffset? expires = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([.. purposes.Select(p => new Oid(p))], false));
        using X509Certificate2 certificate = request.Create(by, DateTimeOffset.UtcNow.AddDays(-5), expires ?? DateTimeOffset.UtcNow.AddDays(5), RandomNumberGenerator.GetBytes(8));
        File.WriteAllText(PathOf($"{name}.pem"), certificate.ExportCertificatePem());
        File.WriteAllText(PathOf($"{name}.key"), key.ExportPkcs8PrivateKeyPem());
    }
}
