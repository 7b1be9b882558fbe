using System.Globalization;

namespace Lattice.Silo.Configuration;

/// <summary>Where files lie: <c>/etc/lattice</c>, <c>/var/lib/lattice</c>, <c>/var/log/lattice</c>, all below <c>LATTICE_ROOT</c> when that is set.</summary>
/// <param name="Root">What stands for <c>/</c>.</param>
public sealed record LatticePaths(string Root)
{
    /// <summary>Name of the environment variable that puts everything below a folder.</summary>
    public const string RootVariable = "LATTICE_ROOT";

    /// <summary>Paths as this process's environment has them.</summary>
    public static LatticePaths FromEnvironment() =>
        new(Environment.GetEnvironmentVariable(RootVariable) is { Length: > 0 } root ? Path.GetFullPath(root) : "/");

    /// <summary>Folder of the configuration files.</summary>
    public string ConfigurationDirectory => Path.Combine(Root, "etc/lattice");

    /// <summary>Folder of all nodes' data.</summary>
    public string DataRoot => Path.Combine(Root, "var/lib/lattice");

    /// <summary>Folder of logs.</summary>
    public string LogDirectory => Path.Combine(Root, "var/log/lattice");

    /// <summary>The SQLite file that nodes of one host share by default.</summary>
    public string MembershipFile => Path.Combine(DataRoot, "membership.db");

    /// <summary>A node's configuration file.</summary>
    public string ConfigurationOf(int node) => Path.Combine(ConfigurationDirectory, string.Create(CultureInfo.InvariantCulture, $"node{node}.toml"));

    /// <summary>A node's data directory.</summary>
    public string DataOf(int node) => Path.Combine(DataRoot, string.Create(CultureInfo.InvariantCulture, $"node-{node}"));
}
