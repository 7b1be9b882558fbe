namespace Lattice.Silo.Configuration;

/// <summary><c>[security]</c>: who is let in. All of it is off by default.</summary>
/// <param name="TokensFile">File with the tokens that clients may show, hashed; empty: clients need none.</param>
/// <param name="OperatorTokenFile">File with the token that commands show which read this configuration; empty: none.</param>
/// <param name="ClusterSecretFile">File with what only the nodes know; empty: none.</param>
/// <param name="Tls">TLS between nodes and with clients; null: none.</param>
/// <param name="Http">How the endpoint of <c>[metrics]</c> is served.</param>
public sealed record SecuritySettings(string TokensFile, string OperatorTokenFile, string ClusterSecretFile, TlsSettings? Tls, HttpSecurity Http);

/// <summary>Files of TLS, in PEM.</summary>
/// <param name="CertificateFile">The own certificate, and those between it and the authority.</param>
/// <param name="KeyFile">Its key.</param>
/// <param name="AuthorityFile">The authority that signs the certificates of nodes and clients.</param>
public sealed record TlsSettings(string CertificateFile, string KeyFile, string AuthorityFile);

/// <summary>How the endpoint of metrics and health is served.</summary>
public enum HttpSecurity
{
    /// <summary>Unencrypted.</summary>
    Plain,

    /// <summary>By TLS, to anybody.</summary>
    Tls,

    /// <summary>By TLS, to whoever has a certificate of the authority.</summary>
    MutualTls,
}
