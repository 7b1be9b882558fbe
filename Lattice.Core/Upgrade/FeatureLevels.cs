namespace Lattice.Core.Upgrade;

/// <summary>
/// The feature levels of this binary (<c>docs/upgrades.md</c>). A level names the formats that may be written and the features that may be used. A binary reads what
/// any level that it knows writes, and writes what the level of the cluster says, so nodes of two adjacent versions work together, and the older one can
/// be started again as long as the level was not raised.
/// </summary>
public static class FeatureLevels
{
    /// <summary>The level of a cluster that has not said yet which one it has.</summary>
    public const int First = 1;

    /// <summary>The lowest level that this binary can work at.</summary>
    public const int Oldest = 1;

    /// <summary>The highest level that this binary can work at.</summary>
#if LATTICE_NEXT
    // The version after this one, as the tests of upgrades build it (-p:LatticeNext=true). Every entry says at which level it was written, so this version refuses those of that one.
    public const int Newest = 2;
#else
    public const int Newest = 1;
#endif

    /// <summary>All of them.</summary>
    public static LevelRange OfThisBinary => new(Oldest, Newest);
}
