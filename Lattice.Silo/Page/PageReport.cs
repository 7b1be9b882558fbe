using Lattice.Grains;
using Lattice.Silo.Status;

namespace Lattice.Silo.Page;

/// <summary>The shape of <c>/api/cluster</c>; documented in <c>docs/page.md</c>, fields are only ever added.</summary>
internal sealed record PageReport
{
    /// <summary>Operations that are shown: those that run, and the latest that ended.</summary>
    public const int MostOperations = 10;

    /// <summary>Incidents that are shown.</summary>
    public const int MostIncidents = 20;

    /// <summary>Node that answers.</summary>
    public required int Node { get; init; }

    /// <summary>When the cluster was looked at, in milliseconds since 1970.</summary>
    public required long At { get; init; }

    /// <summary>Milliseconds between two samples of a node's load.</summary>
    public required long SampleMs { get; init; }

    /// <summary>How far back samples go.</summary>
    public required long HistoryMs { get; init; }

    /// <summary>Whether the cluster can decide, in a sentence.</summary>
    public required string Majority { get; init; }

    /// <summary>What <c>lattice status --json</c> prints.</summary>
    public required StatusReport Status { get; init; }

    /// <summary>What the nodes have to do, in order of node; a node that never told is missing.</summary>
    public required IReadOnlyList<LoadReport> Loads { get; init; }

    /// <summary>What <c>lattice admin incidents --json</c> prints, the latest of it; null: not known at present.</summary>
    public required IncidentsReport? Incidents { get; init; }

    /// <summary>Operations; null: not known at present.</summary>
    public required OperationsReport? Operations { get; init; }
}

/// <summary>What a node has to do, as it told last.</summary>
internal sealed record LoadReport
{
    private const int Digits = 1;

    public required int Node { get; init; }

    public required string Page { get; init; }

    public required bool DiskFull { get; init; }

    public required VerificationReport Verification { get; init; }

    /// <summary>Each: moment (milliseconds since 1970), writes, reads and failures a second, p50 and p99 of writes and of reads in microseconds.</summary>
    public required IReadOnlyList<double[]> Samples { get; init; }

    /// <summary>Of what a node told, with the samples after a moment.</summary>
    public static LoadReport Of(NodeLoad load, long after) => new()
    {
        Node = load.Node,
        Page = load.Page,
        DiskFull = load.DiskFull,
        Verification = new VerificationReport(load.Verifies, load.Divergences, load.VerificationP50Us, load.VerificationP99Us, load.ScrubRounds, load.ScrubDifference),
        Samples = [.. load.Samples.Where(s => s.At > after).Select(Row)],
    };

    private static double[] Row(LoadPoint s) =>
    [
        s.At,
        Math.Round(s.WritesPerSecond, Digits), Math.Round(s.ReadsPerSecond, Digits), Math.Round(s.FailuresPerSecond, Digits),
        s.WriteP50Us, s.WriteP99Us, s.ReadP50Us, s.ReadP99Us,
    ];
}

/// <summary>What a node's verification does and found.</summary>
internal sealed record VerificationReport(bool Enabled, long Divergences, double P50Us, double P99Us, long ScrubRounds, string? ScrubDifference);

/// <summary>Operations, newest first.</summary>
internal sealed record OperationsReport(IReadOnlyList<OperationOutput> Latest, string? JournalFailure);
