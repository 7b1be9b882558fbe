namespace Lattice.Grains;

/// <summary>How a node belongs to the cluster, as it sees it.</summary>
[GenerateSerializer, Immutable, Alias("lattice.node-membership")]
public sealed record NodeMembership
{
    /// <summary>Node id.</summary>
    [Id(0)] public required int Node { get; init; }

    /// <summary>Its incarnation.</summary>
    [Id(1)] public ulong Incarnation { get; init; }

    /// <summary>Node that an operator wants to lead; 0: none.</summary>
    [Id(2)] public int PreferredLeader { get; init; }

    /// <summary>Nodes that an operator added, with their addresses.</summary>
    [Id(3)] public IReadOnlyDictionary<int, string> Registered { get; init; } = new Dictionary<int, string>();

    /// <summary>Its replicas, in order of group.</summary>
    [Id(4)] public IReadOnlyList<GroupMembership> Groups { get; init; } = [];

    /// <summary>Feature level at which it works.</summary>
    [Id(5)] public int Level { get; init; }

    /// <summary>The highest that its binary knows.</summary>
    [Id(6)] public int NewestLevel { get; init; }

    /// <summary>Version of its binary.</summary>
    [Id(7)] public string Version { get; init; } = "";
}

/// <summary>How one replica stands in its group, as it sees it.</summary>
[GenerateSerializer, Immutable, Alias("lattice.group-membership")]
public sealed record GroupMembership
{
    /// <summary>The group.</summary>
    [Id(0)] public required uint Group { get; init; }

    /// <summary>Whether it leads.</summary>
    [Id(1)] public bool Leads { get; init; }

    /// <summary>Whether it votes and is not on its way to a vote.</summary>
    [Id(2)] public bool IsAble { get; init; }

    /// <summary>Latest term.</summary>
    [Id(3)] public ulong Term { get; init; }

    /// <summary>Commit index.</summary>
    [Id(4)] public ulong Commit { get; init; }

    /// <summary>Applied index.</summary>
    [Id(5)] public ulong Applied { get; init; }

    /// <summary>Last entry of its log.</summary>
    [Id(6)] public ulong LastIndex { get; init; }

    /// <summary>Term of that entry.</summary>
    [Id(7)] public ulong LastTerm { get; init; }

    /// <summary>Voters.</summary>
    [Id(8)] public IReadOnlyList<int> Voters { get; init; } = [];

    /// <summary>Learners.</summary>
    [Id(9)] public IReadOnlyList<int> Learners { get; init; } = [];

    /// <summary>Nodes that were removed.</summary>
    [Id(10)] public IReadOnlyList<int> Removed { get; init; } = [];

    /// <summary>Whether a change of the members is under way.</summary>
    [Id(11)] public bool IsJoint { get; init; }
}
