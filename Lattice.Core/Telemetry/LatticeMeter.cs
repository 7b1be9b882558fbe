namespace Lattice.Core.Telemetry;

/// <summary>The meter of everything that Lattice measures.</summary>
public static class LatticeMeter
{
    /// <summary>Its name.</summary>
    public const string Name = "Lattice";
}
