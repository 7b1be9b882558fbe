using Lattice.Core.Telemetry;
using Lattice.Grains;
using Lattice.Silo.Page;

namespace Lattice.Cluster.Tests.Page;

public sealed class LoadMemoryTests
{
    private readonly LoadMemory memory = new();

    [Fact]
    public void A_node_is_asked_only_for_what_is_new()
    {
        Assert.Equal(0, memory.LastOf(1));
        memory.Add([Load(1, 2000, 4000)]);
        memory.Add([Load(1, 6000)]);

        Assert.Equal((6000, 0), (memory.LastOf(1), memory.LastOf(2)));
        Assert.Equal([2000, 4000, 6000], Moments(memory.Add([]), 1));
    }

    [Fact]
    public void What_a_lost_node_did_before_stays()
    {
        memory.Add([Load(1, 2000), Load(2, 2000)]);
        IReadOnlyList<NodeLoad> known = memory.Add([Load(2, 4000)]);

        Assert.Equal([2000], Moments(known, 1));
        Assert.Equal([2000, 4000], Moments(known, 2));
    }

    [Fact]
    public void What_else_a_node_tells_is_what_it_told_last()
    {
        memory.Add([Load(1, 2000) with { Divergences = 0, DiskFull = true }]);
        NodeLoad known = memory.Add([Load(1, 4000) with { Divergences = 1 }])[0];

        Assert.Equal((1, false), (known.Divergences, known.DiskFull));
    }

    [Fact]
    public void No_more_than_a_quarter_of_an_hour_is_kept()
    {
        for (int i = 1; i <= 2 * LoadHistory.Capacity; i++)
        {
            memory.Add([Load(1, 2000 * i)]);
        }

        IReadOnlyList<long> moments = Moments(memory.Add([]), 1);
        Assert.Equal((LoadHistory.Capacity, 4000L * LoadHistory.Capacity), (moments.Count, moments[^1]));
    }

    private static NodeLoad Load(int node, params long[] moments) =>
        new() { Node = node, Samples = [.. moments.Select(at => new LoadPoint(at, 1, 0, 0, 0, 0, 0, 0))] };

    private static IReadOnlyList<long> Moments(IReadOnlyList<NodeLoad> loads, int node) => [.. loads.Single(l => l.Node == node).Samples.Select(s => s.At)];
}
