using Lattice.Grains;

namespace Lattice.Client.Groups;

/// <summary>Which group holds which slot, as the cluster says. Immutable.</summary>
internal sealed class Topology
{
    private readonly SlotRun[] runs;

    public Topology(ClusterTopology topology)
    {
        runs = [.. topology.Slots.OrderBy(run => run.First)];
        Groups = [.. runs.Select(run => run.Group).Distinct()];
    }

    /// <summary>All groups that hold slots.</summary>
    public IReadOnlyList<uint> Groups { get; }

    public uint GroupOf(int slot)
    {
        int low = 0;
        int high = runs.Length - 1;
        while (low < high)
        {
            int middle = (low + high + 1) / 2;
            (low, high) = runs[middle].First <= slot ? (middle, high) : (low, middle - 1);
        }

        return runs[low].Group;
    }
}
