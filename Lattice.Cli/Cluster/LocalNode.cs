using Lattice.Silo.Configuration;

namespace Lattice.Cli.Cluster;

/// <summary>A node of this machine, for commands that work on its files while it does not run.</summary>
internal static class LocalNode
{
    /// <summary>Its settings, from the file that is named, else from its own in the configuration folder.</summary>
    /// <exception cref="CommandFailedException">The file cannot be used; nothing was changed.</exception>
    public static NodeSettings Load(Shell shell, int node, string? config)
    {
        string file = config ?? shell.Paths.ConfigurationOf(node);
        SettingsResult loaded = SettingsFile.Load(file, node, shell.Paths);
        return loaded.Settings
            ?? throw new CommandFailedException(ExitCodes.Negative, $"The configuration '{file}' cannot be used, so where the data of node {node} lies is not known; nothing was changed. Name the node's configuration with --config FILE:\n{string.Join('\n', loaded.Errors)}");
    }
}
