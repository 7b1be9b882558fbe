using Lattice.Silo.Configuration;

namespace Lattice.Cli.Cluster;

/// <summary>Where a cluster is, as a configuration file says.</summary>
/// <param name="Name">The cluster's name.</param>
/// <param name="Members">Configured nodes in order of id.</param>
/// <param name="Source">The file, for messages.</param>
internal sealed record ClusterLocation(string Name, IReadOnlyList<MemberLocation> Members, string Source)
{
    /// <summary>Token to show; null: none.</summary>
    public string? Token { get; init; }

    /// <summary>TLS to use; null: none.</summary>
    public TlsSettings? Tls { get; init; }
}

/// <summary>One configured node.</summary>
/// <param name="Id">Node id.</param>
/// <param name="Address">For other silos, host:port.</param>
/// <param name="Gateway">For clients, host:port.</param>
internal sealed record MemberLocation(int Id, string Address, string Gateway);
