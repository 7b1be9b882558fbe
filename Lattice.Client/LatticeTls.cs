namespace Lattice.Client;

/// <summary>TLS to a cluster that asks for it. All files are PEM; renewed ones are taken up by the next connections.</summary>
/// <param name="CertificateFile">The client's certificate, and those between it and the authority.</param>
/// <param name="KeyFile">Its key.</param>
/// <param name="AuthorityFile">The authority that signs the certificates of the nodes; no other is accepted.</param>
public sealed record LatticeTls(string CertificateFile, string KeyFile, string AuthorityFile);
