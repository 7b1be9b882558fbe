using Lattice.Simulation.Runtime;

namespace Lattice.Simulation.Clients;

/// <summary>What the clients of a run do. Every seed draws its own.</summary>
internal sealed record WorkloadOptions
{
    /// <summary>Commands and queries that all clients together make.</summary>
    public required int Operations { get; init; }

    /// <summary>Clients; each has a session.</summary>
    public int Clients { get; init; } = 8;

    /// <summary>Calls that a client has under way at a time.</summary>
    public int Lanes { get; init; } = 1;

    /// <summary>Mean pause between two calls of one lane, in microseconds.</summary>
    public long ThinkTime { get; init; } = 100 * VirtualClock.Millisecond;

    /// <summary>After how long a client gives a call up and tries another node, in microseconds.</summary>
    public long AttemptTimeout { get; init; } = 1 * VirtualClock.Second;

    /// <summary>How many commands or queries travel together at most.</summary>
    public int BatchSize { get; init; } = 4;

    /// <summary>Probability that a write is given up after a few attempts, so that its outcome stays unknown.</summary>
    public double Impatience { get; init; } = 0.02;

    /// <summary>Probability that a write is made without a session; it is then never repeated.</summary>
    public double Sessionless { get; init; } = 0.03;

    /// <summary>Probability that a call is a query.</summary>
    public double Reads { get; init; } = 0.4;

    /// <summary>Probability that a query is a local one.</summary>
    public double LocalReads { get; init; } = 0.1;

    /// <summary>Probability that a value is large.</summary>
    public double LargeValues { get; init; } = 0.02;

    /// <summary>Characters of a large value.</summary>
    public int LargeValueSize { get; init; } = 3_000;

    /// <summary>Draws options for a seed.</summary>
    public static WorkloadOptions Draw(SeededRandom random, int operations) => new()
    {
        Operations = operations,
        Clients = random.Between(4, 12),
        Lanes = random.Between(1, 3),
        ThinkTime = random.Pick([30L, 80L, 150L]) * VirtualClock.Millisecond,
        AttemptTimeout = random.Pick([300L, 1_000L, 2_000L]) * VirtualClock.Millisecond,
        BatchSize = random.Pick([1, 2, 6]),
        Impatience = random.Pick([0.0, 0.02, 0.1]),
        Sessionless = random.Pick([0.0, 0.05]),
        Reads = random.Pick([0.2, 0.4, 0.7]),
        LocalReads = random.Pick([0.0, 0.1]),
        LargeValues = random.Pick([0.0, 0.02, 0.1]),
        LargeValueSize = random.Pick([1_000, 4_000]),
    };
}
