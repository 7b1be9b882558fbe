namespace Lattice.Grains.Operations;

/// <summary>The cluster at one moment, as its nodes see it.</summary>
internal sealed class ClusterPicture
{
    private const uint SystemGroup = 0;

    public ClusterPicture(IEnumerable<NodeMembership> nodes)
    {
        Nodes = new SortedDictionary<int, NodeMembership>(nodes.ToDictionary(n => n.Node));
        Groups = [.. Nodes.Values.SelectMany(n => n.Groups).Select(g => g.Group).Append(SystemGroup).Distinct().Order().Select(g => new GroupPicture(g, Nodes))];
    }

    /// <summary>The nodes that answered.</summary>
    public SortedDictionary<int, NodeMembership> Nodes { get; }

    /// <summary>The groups, the system group first.</summary>
    public IReadOnlyList<GroupPicture> Groups { get; }

    /// <summary>The system group.</summary>
    public GroupPicture System => Groups[0];

    /// <summary>Groups that nobody leads.</summary>
    public IReadOnlyList<uint> Leaderless => [.. Groups.Where(g => g.Leader == 0).Select(g => g.Group)];

    /// <summary>What the leader of the system group, or whoever knows most of it, says.</summary>
    public NodeMembership? Informed => Nodes.GetValueOrDefault(System.Leader) ?? Nodes.Values.OrderByDescending(n => n.Groups.Count > 0 ? n.Groups[0].Applied : 0).FirstOrDefault();
}

/// <summary>One group at one moment.</summary>
internal sealed class GroupPicture
{
    public GroupPicture(uint group, IReadOnlyDictionary<int, NodeMembership> nodes)
    {
        Group = group;
        Replicas = new SortedDictionary<int, GroupMembership>(nodes.Values
            .SelectMany(n => n.Groups.Where(g => g.Group == group).Select(g => KeyValuePair.Create(n.Node, g)))
            .ToDictionary());

        // A deposed leader that has not heard of its successor yet has the lower term.
        Leader = Replicas.Where(r => r.Value.Leads).OrderByDescending(r => r.Value.Term).Select(r => r.Key).FirstOrDefault();
        Members = Replicas.GetValueOrDefault(Leader)
            ?? Replicas.Values.Where(r => r.Voters.Count > 0).OrderByDescending(r => (r.Applied, r.Term)).FirstOrDefault()
            ?? new GroupMembership { Group = group };
    }

    /// <summary>The group.</summary>
    public uint Group { get; }

    /// <summary>Node that leads it; 0: none that answered.</summary>
    public int Leader { get; }

    /// <summary>What its leader, or whoever knows most, says of the members.</summary>
    public GroupMembership Members { get; }

    /// <summary>Its replicas that answered, by node.</summary>
    public SortedDictionary<int, GroupMembership> Replicas { get; }

    /// <summary>Voters that answered and can vote.</summary>
    public IReadOnlyList<int> Able => [.. Members.Voters.Where(v => Replicas.GetValueOrDefault(v) is { IsAble: true })];

    /// <summary>Of these nodes the one whose log is the most advanced; 0: none of them answered.</summary>
    public int MostAdvanced(IEnumerable<int> among) => among
        .Where(Replicas.ContainsKey)
        .OrderByDescending(node => (Replicas[node].LastTerm, Replicas[node].LastIndex))
        .FirstOrDefault();
}
