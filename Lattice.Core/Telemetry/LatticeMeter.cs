using System.Diagnostics.Metrics;

namespace Lattice.Core.Telemetry;

/// <summary>The meter of everything that a node measures (<c>docs/metrics.md</c>). Who makes it, disposes it.</summary>
public sealed class LatticeMeter() : Meter(Name)
{
    /// <summary>Its name.</summary>
    public new const string Name = "Lattice";
}
