using Lattice.Core.Telemetry;

namespace Lattice.Grains;

/// <summary>What a node has to do, as it travels between nodes.</summary>
[GenerateSerializer, Immutable, Alias("lattice.node-load")]
public sealed record NodeLoad
{
    /// <summary>The node.</summary>
    [Id(0)] public required int Node { get; init; }

    /// <summary>Where its web page is, host:port; empty: it has none.</summary>
    [Id(1)] public string Page { get; init; } = "";

    /// <summary>The samples that were asked for, oldest first.</summary>
    [Id(2)] public IReadOnlyList<LoadPoint> Samples { get; init; } = [];

    /// <summary>Whether it checks what it executes.</summary>
    [Id(3)] public bool Verifies { get; init; }

    /// <summary>Replicas that were found to be wrong since its start, as far as it knows.</summary>
    [Id(4)] public long Divergences { get; init; }

    /// <summary>Median of the microseconds that the check of a batch took in the last minute; 0: none was checked.</summary>
    [Id(5)] public double VerificationP50Us { get; init; }

    /// <summary>99th percentile.</summary>
    [Id(6)] public double VerificationP99Us { get; init; }

    /// <summary>Rounds that its scrub completed since the start.</summary>
    [Id(7)] public long ScrubRounds { get; init; }

    /// <summary>Difference that its scrub found; null: none.</summary>
    [Id(8)] public string? ScrubDifference { get; init; }

    /// <summary>Whether it refuses writes because the volume of its log is full.</summary>
    [Id(9)] public bool DiskFull { get; init; }
}

/// <summary>A <see cref="LoadSample"/>.</summary>
[GenerateSerializer, Immutable, Alias("lattice.load-point")]
public readonly record struct LoadPoint(
    [property: Id(0)] long At,
    [property: Id(1)] double WritesPerSecond,
    [property: Id(2)] double ReadsPerSecond,
    [property: Id(3)] double FailuresPerSecond,
    [property: Id(4)] double WriteP50Us,
    [property: Id(5)] double WriteP99Us,
    [property: Id(6)] double ReadP50Us,
    [property: Id(7)] double ReadP99Us)
{
    internal static LoadPoint Of(LoadSample s) => new(s.At, s.WritesPerSecond, s.ReadsPerSecond, s.FailuresPerSecond, s.WriteP50Us, s.WriteP99Us, s.ReadP50Us, s.ReadP99Us);
}
