namespace Lattice.Grains;

/// <summary>
/// Where grains keep what has to outlast them: Orleans grain storage on the database of the membership. What Lattice stores for its clients is not there, and nothing of that
/// waits for it: a grain that uses it works without, and writes again when the database is back.
/// </summary>
public static class LatticeStorage
{
    /// <summary>Name of the storage provider.</summary>
    public const string Name = "lattice";
}
