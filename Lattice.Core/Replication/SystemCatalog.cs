using System.Collections.Immutable;
using System.Text.Json;
using Lattice.Core.Consensus;
using Lattice.Core.State;

namespace Lattice.Core.Replication;

/// <summary>A run of slots that belong to one group: from <paramref name="First"/> up to the next run's first slot.</summary>
/// <param name="First">First slot.</param>
/// <param name="Group">Group that holds them.</param>
public readonly record struct SlotRange(int First, uint Group);

/// <summary>A data group as the system group records it.</summary>
/// <param name="Id">Number of the group, from 1.</param>
/// <param name="Founders">Its first members, by node id, with the incarnation of each; 0: none accepted yet.</param>
public sealed record GroupRecord(uint Id, ImmutableSortedDictionary<int, ulong> Founders);

/// <summary>
/// What the system group (group 0) says about the cluster: its identity, its data groups and the shard map. One
/// record of the system group's state, written once by the leader that founds the cluster; immutable here.
/// </summary>
public sealed record SystemCatalog
{
    /// <summary>The system group's record that holds the catalogue.</summary>
    public const string Key = "cluster/layout";

    /// <summary>Before the cluster is founded.</summary>
    public static SystemCatalog Empty { get; } = new();

    /// <summary>Format of the record.</summary>
    public int Version { get; init; } = 1;

    /// <summary>The cluster's name.</summary>
    public string Name { get; init; } = "";

    /// <summary>Identity of the cluster; 0 before it is founded.</summary>
    public ulong ClusterId { get; init; }

    /// <summary>The data groups, in order.</summary>
    public ImmutableArray<GroupRecord> Groups { get; init; } = [];

    /// <summary>The shard map, in order of slots.</summary>
    public ImmutableArray<SlotRange> Slots { get; init; } = [];

    /// <summary>Limits of commands and queries. They decide what a command does, so all replicas must have the same.</summary>
    public StateLimits Limits { get; init; } = new();

    /// <summary>Whether the cluster is founded.</summary>
    public bool IsFounded => ClusterId != 0;

    /// <summary>Group that holds the slot; null before the cluster is founded.</summary>
    public uint? GroupOf(int slot)
    {
        int low = 0;
        int high = Slots.Length - 1;
        while (low < high)
        {
            int middle = (low + high + 1) / 2;
            (low, high) = Slots[middle].First <= slot ? (middle, high) : (low, middle - 1);
        }

        return Slots.IsEmpty ? null : Slots[low].Group;
    }

    /// <summary>The catalogue of a new cluster: <paramref name="shards"/> groups with equal runs of slots, on the system group's members.</summary>
    public static SystemCatalog Found(string name, Configuration system, int shards, StateLimits limits)
    {
        var groups = ImmutableArray.CreateBuilder<GroupRecord>(shards);
        var slots = ImmutableArray.CreateBuilder<SlotRange>(shards);
        var founders = system.Voters.ToImmutableSortedDictionary(node => node, node => system.Incarnations.GetValueOrDefault(node));
        for (int i = 0; i < shards; i++)
        {
            groups.Add(new GroupRecord((uint)(i + 1), founders));
            slots.Add(new SlotRange((int)((long)SlotHash.Slots * i / shards), (uint)(i + 1)));
        }

        return new SystemCatalog { Name = name, ClusterId = system.ClusterId, Groups = groups.MoveToImmutable(), Slots = slots.MoveToImmutable(), Limits = limits };
    }

    /// <summary>The record's value.</summary>
    public byte[] Encode() => JsonSerializer.SerializeToUtf8Bytes(this, CatalogJson.Default.SystemCatalog);

    /// <summary>Reads the record's value.</summary>
    /// <exception cref="CatalogFormatException">It was written by a newer version, or is damaged.</exception>
    public static SystemCatalog Decode(ReadOnlySpan<byte> value) => SystemRecord.Decode(Key, value, CatalogJson.Default.SystemCatalog, static c => c.Version);
}
