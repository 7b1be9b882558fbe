using Lattice.Core.Consensus;

namespace Lattice.Core.Verification;

/// <summary>
/// What a replica that was found to be wrong leaves behind: what was found, how the replicas stand to each other, what differs down to the byte, what led there, and
/// what it is likely to come from. Complete in itself, since the node it tells of has stopped. Immutable; a document of <c>docs/divergence-report.schema.json</c>.
/// </summary>
public sealed record DivergenceReport
{
    /// <summary>The version of the schema that this binary writes, and the newest that it reads.</summary>
    public const int CurrentSchemaVersion = 2;

    /// <summary>Version of the schema that the document follows.</summary>
    public int SchemaVersion { get; init; } = CurrentSchemaVersion;

    /// <summary>Identity of the incident; the same in the node's report and in the cluster's list of incidents.</summary>
    public required string Id { get; init; }

    /// <summary>When it was found, by the node's clock, in UTC.</summary>
    public required DateTimeOffset When { get; init; }

    /// <summary>Version of Lattice on the node.</summary>
    public required string Version { get; init; }

    /// <summary>Hash of the binary on the node.</summary>
    public required string Build { get; init; }

    /// <summary>Name of the cluster.</summary>
    public required string Cluster { get; init; }

    /// <summary>The node that halted.</summary>
    public required int Node { get; init; }

    /// <summary>Its incarnation, in hexadecimal.</summary>
    public required string Incarnation { get; init; }

    /// <summary>The Raft group; null: what is wrong belongs to the node as a whole, as its files do.</summary>
    public required uint? Group { get; init; }

    /// <summary>Role of the replica when it was found; a follower where the node as a whole is concerned.</summary>
    public required RaftRole Role { get; init; }

    /// <summary>Term of the replica when it was found; 0: not known.</summary>
    public required ulong Term { get; init; }

    /// <summary>The entry at which it was found; 0: at none.</summary>
    public required ulong Index { get; init; }

    /// <summary>Last entry in the state that is kept.</summary>
    public required ulong AppliedIndex { get; init; }

    /// <summary>What was found.</summary>
    public required DivergenceDetection Detection { get; init; }

    /// <summary>Who says that this replica is the wrong one.</summary>
    public required DivergenceVerdict Verdict { get; init; }

    /// <summary>Digests of the replicas that could be reached, at an entry that they have in common as far as there is one.</summary>
    public IReadOnlyList<ReportedDigest> Digests { get; init; } = [];

    /// <summary>Buckets whose digests differ.</summary>
    public IReadOnlyList<ReportedBucket> Buckets { get; init; } = [];

    /// <summary>Records that differ.</summary>
    public IReadOnlyList<ReportedDifference> Keys { get; init; } = [];

    /// <summary>The command that was executed or read when it was found; null: none, or not known.</summary>
    public ReportedCommand? Command { get; init; }

    /// <summary>Where state machine and reference model say different things about a record.</summary>
    public IReadOnlyList<ReportedEffect> Effects { get; init; } = [];

    /// <summary>What was established after it was found.</summary>
    public DivergenceChecks Checks { get; init; } = new();

    /// <summary>The nodes that could be reached, this one included.</summary>
    public IReadOnlyList<ReportedNode> Nodes { get; init; } = [];

    /// <summary>The machine that the node ran on; null: not known.</summary>
    public ReportedMachine? Machine { get; init; }

    /// <summary>What happened before, on all nodes that could be reached, in causal order.</summary>
    public IReadOnlyList<ReportedEvent> Trace { get; init; } = [];

    /// <summary>What it is likely to come from; null: not analysed yet.</summary>
    public ReportedAnalysis? Analysis { get; init; }
}

/// <summary>What was found, and by which check.</summary>
public sealed record DivergenceDetection
{
    /// <summary>The check.</summary>
    public required DivergenceKind Kind { get; init; }

    /// <summary>What was under way.</summary>
    public required DivergencePhase Phase { get; init; }

    /// <summary>What was found, in a sentence.</summary>
    public required string Message { get; init; }

    /// <summary>Name of the broken rule of <see cref="DivergenceKind.Invariant"/>.</summary>
    public string? Rule { get; init; }

    /// <summary>The facts that cannot both be true under that rule.</summary>
    public IReadOnlyList<string> Facts { get; init; } = [];

    /// <summary>Path of the damaged file of <see cref="DivergenceKind.LogSegment"/> and <see cref="DivergenceKind.SnapshotFile"/>.</summary>
    public string? File { get; init; }
}

/// <summary>How it is known which replica is wrong.</summary>
public enum DivergenceVerdict
{
    /// <summary>The replica contradicts itself; no other has to be asked.</summary>
    SelfEvident,

    /// <summary>A majority of the replicas agree on something else.</summary>
    Minority,

    /// <summary>No majority agrees on anything.</summary>
    NoMajority,
}

/// <summary>Digest of a replica.</summary>
/// <param name="Node">The node.</param>
/// <param name="Index">The entry after which its state has the digest.</param>
/// <param name="Digest">The digest, in hexadecimal.</param>
/// <param name="AgreesWithMajority">Whether it is the majority's; null: there is no majority.</param>
public sealed record ReportedDigest(int Node, ulong Index, string Digest, bool? AgreesWithMajority);

/// <summary>A bucket whose digest is not what it has to be.</summary>
/// <param name="Bucket">Its number.</param>
/// <param name="Own">Digest of the rows that this replica has in it, in hexadecimal; of a stored digest the one that is stored; null: not known.</param>
/// <param name="Expected">Digest that it has to have, in hexadecimal; of a stored digest the one that its rows add up to; null: not known.</param>
public sealed record ReportedBucket(int Bucket, string? Own, string? Expected);
