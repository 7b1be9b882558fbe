using Lattice.Simulation.Cluster;
using Lattice.Simulation.Runtime;

namespace Lattice.Simulation.Faults;

/// <summary>Something that goes wrong in a cluster.</summary>
/// <param name="Name">For the trace and the summary.</param>
/// <param name="Begin">Does it; null when it cannot be done at present.</param>
internal sealed record Fault(string Name, Func<SimulatedCluster, SeededRandom, Healing?> Begin);

/// <summary>How a fault ends.</summary>
/// <param name="After">After how many microseconds.</param>
/// <param name="Heal">What ends it.</param>
internal sealed record Healing(long After, Action Heal)
{
    /// <summary>For what happens once.</summary>
    public static Healing None { get; } = new(0, () => { });

    /// <summary>A time between the two, in milliseconds.</summary>
    public static Healing Between(SeededRandom random, long lowMs, long highMs, Action heal) =>
        new(random.Between(lowMs, highMs) * VirtualClock.Millisecond, heal);
}
