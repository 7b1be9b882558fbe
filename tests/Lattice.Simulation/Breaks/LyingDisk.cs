using Lattice.Simulation.Cluster;
using Lattice.Simulation.Runtime;

namespace Lattice.Simulation.Breaks;

/// <summary>The disk confirms a sync at once and does it some time later, as drives with a volatile cache do.</summary>
internal sealed class LyingDisk : DeliberateBreak
{
    public override void Install(Machine machine, VirtualClock clock) =>
        machine.Disk.SyncLater = sync => clock.After(machine.Random.Exponential(200 * VirtualClock.Millisecond), sync);
}
