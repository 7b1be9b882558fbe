namespace Lattice.Grains;

/// <summary>An operation on the cluster or on one node.</summary>
public enum OperationKind
{
    /// <summary>A node writes a snapshot file.</summary>
    Snapshot = 1,

    /// <summary>A node drops old entries of its log.</summary>
    CompactLog = 2,

    /// <summary>One node leads all groups from here on.</summary>
    TransferLeadership = 3,

    /// <summary>The leaders are spread over the nodes again.</summary>
    BalanceLeaders = 4,

    /// <summary>A node leaves the cluster.</summary>
    RemoveNode = 5,

    /// <summary>A node joins the cluster.</summary>
    AddNode = 6,

    /// <summary>A node hands out a backup; begun by the node itself when somebody asks it for one.</summary>
    Backup = 7,

    /// <summary>The cluster uses what the version brings that all nodes run; no older one can be started any more.</summary>
    FinalizeUpgrade = 8,
}

/// <summary>What is asked for.</summary>
[GenerateSerializer, Immutable, Alias("lattice.operation-request")]
public sealed record OperationRequest
{
    /// <summary>What it is known by; chosen by whoever asks.</summary>
    [Id(0)] public required Guid Id { get; init; }

    /// <summary>What to do.</summary>
    [Id(1)] public required OperationKind Kind { get; init; }

    /// <summary>The node that it concerns; 0: none.</summary>
    [Id(2)] public int Node { get; init; }

    /// <summary>Entries of each group that stay (<see cref="OperationKind.CompactLog"/>).</summary>
    [Id(3)] public long Keep { get; init; }

    /// <summary>Address of a new node for other silos, host:port (<see cref="OperationKind.AddNode"/>).</summary>
    [Id(4)] public string Address { get; init; } = "";

    /// <summary>Whether what the plan asks to be confirmed was confirmed.</summary>
    [Id(5)] public bool IsConfirmed { get; init; }

    /// <summary>Who asks for it.</summary>
    [Id(6)] public required string Who { get; init; }

    /// <summary>The operation as an operator would type it.</summary>
    [Id(7)] public string Title { get; init; } = "";

    /// <summary>Whether to do it though something speaks against it; that has to be confirmed then.</summary>
    [Id(8)] public bool IsForced { get; init; }
}

/// <summary>What an operation would do.</summary>
[GenerateSerializer, Immutable, Alias("lattice.operation-plan")]
public sealed record OperationPlan
{
    /// <summary>A plan that needs nobody's consent.</summary>
    public static OperationPlan Go { get; } = new();

    /// <summary>Why it may not be done, whatever is confirmed; null: it may.</summary>
    [Id(0)] public string? Refusal { get; init; }

    /// <summary>What it does that cannot be undone, or what may be lost by it, to be read before it is confirmed; null: nothing.</summary>
    [Id(1)] public string? Warning { get; init; }

    /// <summary>What has to be typed to confirm it; empty: nothing has to be confirmed.</summary>
    [Id(2)] public string Confirmation { get; init; } = "";
}
