namespace Lattice.Grains;

/// <summary>How far a node is with checking everything that it holds.</summary>
[GenerateSerializer, Immutable, Alias("lattice.verify-progress")]
public sealed record VerifyProgress
{
    /// <summary>Why nothing is known; null: the node answered.</summary>
    [Id(0)] public string? Failure { get; init; }

    /// <summary>Number of the round that was asked for.</summary>
    [Id(1)] public long Round { get; init; }

    /// <summary>Rounds completed.</summary>
    [Id(2)] public long Completed { get; init; }

    /// <summary>What is being read.</summary>
    [Id(3)] public string Part { get; init; } = "";

    /// <summary>Parts done.</summary>
    [Id(4)] public int PartsDone { get; init; }

    /// <summary>Parts of a round.</summary>
    [Id(5)] public int Parts { get; init; }

    /// <summary>Bytes read in the round.</summary>
    [Id(6)] public long Bytes { get; init; }

    /// <summary>What was found to be wrong; null: nothing so far.</summary>
    [Id(7)] public string? Difference { get; init; }
}
