using System.Globalization;
using Lattice.Core.Consensus;

namespace Lattice.Core.Verification;

/// <summary>Who and what a report is about, apart from what was found.</summary>
/// <param name="Version">Version of Lattice.</param>
/// <param name="Build">Hash of the binary.</param>
/// <param name="Cluster">Name of the cluster.</param>
/// <param name="Node">The node.</param>
/// <param name="Incarnation">Its incarnation.</param>
/// <param name="When">When it was found.</param>
/// <param name="RedactValues">Whether values are left out.</param>
public sealed record ReportOrigin(string Version, string Build, string Cluster, int Node, ulong Incarnation, DateTimeOffset When, bool RedactValues);

/// <summary>How the replica stood when it was fenced.</summary>
/// <param name="Role">Its role.</param>
/// <param name="Term">Its term.</param>
/// <param name="Applied">Last entry in the state that is kept.</param>
public readonly record struct ReplicaStanding(RaftRole Role, ulong Term, ulong Applied);

/// <summary>Puts a report together from what a check found and what was learnt about it since.</summary>
public static class DivergenceReportBuilder
{
    private const int MostKeys = 100;

    /// <summary>The report, not analysed yet.</summary>
    public static DivergenceReport Build(ReportOrigin origin, ReplicaStanding standing, Divergence divergence)
    {
        ArgumentNullException.ThrowIfNull(origin);
        ArgumentNullException.ThrowIfNull(divergence);
        var report = new DivergenceReport
        {
            Id = string.Create(CultureInfo.InvariantCulture, $"{origin.When:yyyyMMddTHHmmss}-node{origin.Node}{(divergence.Group is { } number ? $"-group{number}" : "")}"),
            When = origin.When,
            Version = origin.Version,
            Build = origin.Build,
            Cluster = origin.Cluster,
            Node = origin.Node,
            Incarnation = origin.Incarnation.ToString("x16", CultureInfo.InvariantCulture),
            Group = divergence.Group,
            Role = standing.Role,
            Term = standing.Term,
            Index = divergence.Entry.Index,
            AppliedIndex = standing.Applied,
            Detection = new DivergenceDetection
            {
                Kind = divergence.Kind,
                Phase = divergence.Phase,
                Message = divergence.Message,
                Rule = divergence.Rule,
                Facts = divergence.Facts,
                File = divergence.File,
            },
            Verdict = divergence.Verdict,
            Digests = Digests(divergence),
            Buckets = [.. divergence.Buckets.Select(Bucket)],
            Keys = [.. divergence.Records.Take(MostKeys).Select(record => RecordComparison.Compare(divergence.Group ?? TraceEvent.NodeLevel, record, redact: false))],
            Command = divergence.Command,
            Effects = divergence.Effects,
            Checks = divergence.Checks,
            Nodes = divergence.Nodes,
        };
        return origin.RedactValues ? report.WithoutValues() : report;
    }

    private static List<ReportedDigest> Digests(Divergence divergence)
    {
        UInt128? majority = divergence.Digests.GroupBy(d => d.Digest).Where(g => 2 * g.Count() > divergence.Digests.Count).Select(g => (UInt128?)g.Key).FirstOrDefault();
        return [.. divergence.Digests.Select(d => new ReportedDigest(d.Node, d.Index, RecordComparison.Hex(d.Digest), majority is null ? null : d.Digest == majority))];
    }

    private static ReportedBucket Bucket(DivergentBucket bucket) =>
        new(bucket.Bucket, bucket.Own is { } own ? RecordComparison.Hex(own) : null, bucket.Expected is { } expected ? RecordComparison.Hex(expected) : null);

    /// <summary>A record's row as a report shows it; null: there is none.</summary>
    internal static ReportedRecord? Record(ReadOnlyMemory<byte>? row) => row is { IsEmpty: false } some ? RecordComparison.Show(some, redact: false) : null;
}
