namespace Lattice.Core.Verification;

/// <summary>What kind of cause a divergence has.</summary>
public enum DivergenceClass
{
    /// <summary>Bits changed in main memory.</summary>
    MemoryCorruption,

    /// <summary>What was written to the disk is not what comes back.</summary>
    DiskCorruption,

    /// <summary>The cache holds something else than the store.</summary>
    CacheIncoherence,

    /// <summary>A command does different things on different replicas.</summary>
    NondeterministicCommand,

    /// <summary>A rule of the protocol was broken.</summary>
    ProtocolViolation,

    /// <summary>Nodes run with versions, limits or formats that do not belong together.</summary>
    Configuration,

    /// <summary>Lattice itself does the wrong thing, the same each time.</summary>
    SoftwareDefect,

    /// <summary>The evidence does not say.</summary>
    Unknown,
}

/// <summary>The part of Lattice in which the wrong thing was.</summary>
public enum DivergenceComponent
{
    /// <summary>The cache of records.</summary>
    RecordCache,

    /// <summary>The stored records.</summary>
    StateStore,

    /// <summary>The state machine.</summary>
    StateMachine,

    /// <summary>The reference model.</summary>
    ReferenceModel,

    /// <summary>The log.</summary>
    Log,

    /// <summary>Snapshots.</summary>
    Snapshot,

    /// <summary>Raft.</summary>
    Consensus,

    /// <summary>The stored digests.</summary>
    Digest,

    /// <summary>Versions and settings.</summary>
    Configuration,
}

/// <summary>What a divergence is likely to come from.</summary>
public sealed record DivergenceAnalysis
{
    /// <summary>The cause, in a sentence.</summary>
    public required string RootCause { get; init; }

    /// <summary>Kind of cause.</summary>
    public required DivergenceClass Class { get; init; }

    /// <summary>Where it was.</summary>
    public required DivergenceComponent Component { get; init; }

    /// <summary>How sure that is, from 0 to 1.</summary>
    public required double Confidence { get; init; }

    /// <summary>The causes that were weighed, the likeliest first.</summary>
    public IReadOnlyList<CandidateCause> Candidates { get; init; } = [];

    /// <summary>What to do about the cause.</summary>
    public required string SuggestedFix { get; init; }

    /// <summary>What to do with the node, in order.</summary>
    public IReadOnlyList<string> NextSteps { get; init; } = [];
}

/// <summary>A cause that was weighed.</summary>
/// <param name="Class">Kind of cause.</param>
/// <param name="Score">Share of the evidence that it has, from 0 to 1.</param>
/// <param name="EvidenceFor">Sentences that speak for it.</param>
/// <param name="EvidenceAgainst">Sentences that speak against it.</param>
public sealed record CandidateCause(DivergenceClass Class, double Score, IReadOnlyList<string> EvidenceFor, IReadOnlyList<string> EvidenceAgainst);

/// <summary>The analyses of a report.</summary>
public sealed record ReportedAnalysis
{
    /// <summary>What the rules say; always there.</summary>
    public required DivergenceAnalysis Rules { get; init; }

    /// <summary>What a language model says, given the same evidence; null: none was asked, or it gave no usable answer.</summary>
    public DivergenceAnalysis? Model { get; init; }

    /// <summary>The language model that was asked, with its provider; null: none is configured.</summary>
    public string? ModelName { get; init; }

    /// <summary>Why there is no answer of the language model; null: there is one.</summary>
    public string? ModelAbsence { get; init; }
}
