using Lattice.Simulation.History;
using Lattice.Simulation.Runtime;

namespace Lattice.Simulation.Clients;

/// <summary>What the clients of one run share.</summary>
internal sealed class Workload
{
    private int _left;

    public required VirtualClock Clock { get; init; }

    public required Trace Trace { get; init; }

    public required Coverage Coverage { get; init; }

    public required ICluster Cluster { get; init; }

    public required KeySpace Keys { get; init; }

    public required ClientHistory History { get; init; }

    public required WorkloadOptions Options
    {
        get;
        init
        {
            field = value;
            _left = value.Operations;
        }
    }

    /// <summary>Operations that nobody has begun yet.</summary>
    public int OperationsLeft => _left;

    /// <summary>Takes up to so many of the operations that are left; how many it got.</summary>
    public int TakeOperations(int wanted)
    {
        int taken = Math.Min(wanted, _left);
        _left -= taken;
        return taken;
    }
}
