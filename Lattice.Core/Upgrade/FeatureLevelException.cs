namespace Lattice.Core.Upgrade;

/// <summary>The cluster works at a feature level that this binary does not know, or not any more.</summary>
public sealed class FeatureLevelException : Exception
{
    private FeatureLevelException(string message, int level)
        : base(message) => Level = level;

    /// <summary>The cluster's level.</summary>
    public int Level { get; }

    /// <summary>Refuses to go on when the binary cannot work at the cluster's level.</summary>
    /// <param name="node">Node id.</param>
    /// <param name="level">The cluster's level.</param>
    /// <param name="known">Levels of the binary.</param>
    /// <exception cref="FeatureLevelException">It cannot.</exception>
    public static void ThrowUnlessIn(int node, int level, LevelRange known)
    {
        if (level > known.Newest)
        {
            throw new FeatureLevelException($"Node {node} cannot run this version of Lattice: the cluster works at feature level {level} and this version knows levels up to {known.Newest}. An upgrade was finalized, which cannot be taken back. Start the node with the version that the other nodes run ('lattice status --verbose' shows it), or a newer one. Its data is intact.", level);
        }

        if (level < known.Oldest)
        {
            throw new FeatureLevelException($"Node {node} cannot run this version of Lattice: the cluster works at feature level {level} and this version needs level {known.Oldest} at least. A version was left out. Start the node with the version in between, upgrade all nodes to that, run 'lattice admin finalize-upgrade', and then upgrade to this one. Its data is intact.", level);
        }
    }
}
