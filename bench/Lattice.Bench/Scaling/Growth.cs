using Lattice.Bench.Load;
using Lattice.Bench.Peers.Lattices;

namespace Lattice.Bench.Scaling;

/// <summary>What grows from one measurement to the next, while everything else stays as it is.</summary>
/// <param name="Name">Name of it.</param>
/// <param name="Unit">What its values count, for the tables.</param>
/// <param name="Values">The values that are measured unless others are asked for.</param>
/// <param name="Of">The case at a value.</param>
internal sealed record Growth(string Name, string Unit, IReadOnlyList<int> Values, Func<int, GrowthCase> Of)
{
    /// <summary>All that can grow.</summary>
    public static IReadOnlyList<Growth> All { get; } =
    [
        new("groups", "data groups", [1, 4, 16, 64], value => GrowthCase.Usual with { Shards = value }),
        new("nodes", "nodes", [3, 5, 7], value => GrowthCase.Usual with { Nodes = value }),
        new("records", "records", [1_000, 10_000, 100_000, 1_000_000, 10_000_000], value => GrowthCase.Usual with { Records = value }),
        new("sizes", "bytes a value", [100, 1 << 10, 10 << 10, 100 << 10, 1_000 << 10], value => GrowthCase.Usual with { ValueSize = value, Records = Math.Min(GrowthCase.Usual.Records, MostBytes / value) }),
    ];

    // What the values of one measurement may take together, on each node.
    private const int MostBytes = 1 << 30;
}

/// <summary>One case.</summary>
/// <param name="Nodes">Nodes.</param>
/// <param name="Shards">Data groups.</param>
/// <param name="Records">Records, all of which are there before anything is measured.</param>
/// <param name="ValueSize">Bytes of a value.</param>
internal sealed record GrowthCase(int Nodes, int Shards, int Records, int ValueSize)
{
    private const int Clients = 64;

    /// <summary>What stays when something else grows.</summary>
    public static GrowthCase Usual { get; } = new(Nodes: 3, Shards: 1, Records: 10_000, ValueSize: 256);

    /// <summary>The writes.</summary>
    public Work Writes => new("writes", 1, Clients, ValueSize, ReadRatio: 0, Records);

    /// <summary>The reads.</summary>
    public Work Reads => new("reads", 1, Clients, ValueSize, ReadRatio: 1, Records);

    /// <summary>The cluster.</summary>
    public LatticeSetup Setup(string binary) => new(binary, Shards, Verify: true, Nodes);
}
