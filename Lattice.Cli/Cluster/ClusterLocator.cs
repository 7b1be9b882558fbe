using Lattice.Cli.Dev;
using Lattice.Silo.Configuration;

namespace Lattice.Cli.Cluster;

/// <summary>
/// Finds the cluster that a client command means: the file given by <c>--config</c>, by <c>LATTICE_CONFIG</c>, any file in the
/// configuration folder, a running <c>lattice dev</c>; the first that there is.
/// </summary>
internal sealed class ClusterLocator(LatticePaths paths, string? configVariable, DevRuntimeFile dev, string? tokenFile = null)
{
    /// <summary>Environment variable that names a configuration file.</summary>
    public const string ConfigVariable = "LATTICE_CONFIG";

    /// <summary>The locator of this process.</summary>
    public static ClusterLocator Of(Shell shell) =>
        new(shell.Paths, Environment.GetEnvironmentVariable(ConfigVariable), DevRuntimeFile.OfUser(), shell.TokenFile);

    /// <summary>Finds the cluster.</summary>
    /// <param name="config">Value of <c>--config</c>, or null.</param>
    /// <exception cref="CommandFailedException">There is no configuration, or it has mistakes.</exception>
    public ClusterLocation Locate(string? config)
    {
        (string file, LatticePaths from) = FindFile(config);
        SettingsResult loaded = SettingsFile.Load(file, node: null, from);
        if (loaded.Settings is not { } settings)
        {
            throw new CommandFailedException(ExitCodes.Unavailable, $"The configuration '{file}' has mistakes, so the cluster's addresses are not known. Correct them:\n{string.Join('\n', loaded.Errors)}");
        }

        return new ClusterLocation(
            settings.Cluster.Name,
            [.. settings.Cluster.Peers.OrderBy(p => p.Id).Select(p => new MemberLocation(p.Id, p.Address, p.Gateway))],
            file)
        {
            Token = OperatorToken.Find(tokenFile, settings.Security),
            Tls = settings.Security.Tls,
        };
    }

    /// <summary>The configuration file that <see cref="Locate"/> reads, and the folders that it belongs to.</summary>
    public (string File, LatticePaths Paths) FindFile(string? config)
    {
        if (config is { Length: > 0 })
        {
            return (Existing(config, "--config"), paths);
        }

        if (configVariable is { Length: > 0 })
        {
            return (Existing(configVariable, ConfigVariable), paths);
        }

        if (FirstIn(paths.ConfigurationDirectory) is { } configured)
        {
            return (configured, paths);
        }

        if (dev.Read() is { } running)
        {
            var below = new LatticePaths(running.Root);
            if (FirstIn(below.ConfigurationDirectory) is { } started)
            {
                return (started, below);
            }
        }

        throw new CommandFailedException(
            ExitCodes.Unavailable,
            $"No cluster is known here: neither --config nor {ConfigVariable} is given, {paths.ConfigurationDirectory} has no configuration file, and no 'lattice dev' is running. Name a node's configuration with --config FILE, or start a local cluster with 'lattice dev'.");
    }

    private static string Existing(string file, string givenBy) => File.Exists(file)
        ? file
        : throw new CommandFailedException(ExitCodes.Unavailable, $"The configuration '{file}' given by {givenBy} does not exist. Name a node's configuration file; 'lattice config generate N PATH' writes one.");

    private static string? FirstIn(string folder)
    {
        if (!Directory.Exists(folder))
        {
            return null;
        }

        string[] files = Directory.GetFiles(folder, "*.toml");
        Array.Sort(files, StringComparer.Ordinal);
        return files.FirstOrDefault(f => Path.GetFileName(f).StartsWith("node", StringComparison.Ordinal)) ?? files.FirstOrDefault();
    }
}
