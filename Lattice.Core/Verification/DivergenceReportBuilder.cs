using System.Globalization;
using System.IO.Hashing;
using System.Numerics;
using Lattice.Core.Consensus;
using Lattice.Core.State;

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
    private const int MostValueBytes = 4096;
    private const int MostOffsets = 16;

    /// <summary>The report, not analysed yet.</summary>
    public static DivergenceReport Build(ReportOrigin origin, ReplicaStanding standing, Divergence divergence)
    {
        ArgumentNullException.ThrowIfNull(origin);
        ArgumentNullException.ThrowIfNull(divergence);
        return new DivergenceReport
        {
            Id = string.Create(CultureInfo.InvariantCulture, $"{origin.When:yyyyMMddTHHmmss}-node{origin.Node}-group{divergence.Group}"),
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
            Verdict = divergence.Kind == DivergenceKind.PeerDigest ? DivergenceVerdict.Minority : DivergenceVerdict.SelfEvident,
            Digests = Digests(divergence),
            Buckets = [.. divergence.Buckets.Select(bucket => new ReportedBucket(bucket, null, null))],
            Keys = [.. divergence.Records.Take(MostKeys).Select(record => Difference(divergence.Group, record, origin.RedactValues))],
            Command = divergence.Command,
            Effects = origin.RedactValues ? [.. divergence.Effects.Select(e => e with { Machine = Redact(e.Machine), Model = Redact(e.Model) })] : divergence.Effects,
            Checks = divergence.Checks,
        };
    }

    private static List<ReportedDigest> Digests(Divergence divergence)
    {
        UInt128? majority = divergence.Digests.GroupBy(d => d.Digest).Where(g => 2 * g.Count() > divergence.Digests.Count).Select(g => (UInt128?)g.Key).FirstOrDefault();
        return [.. divergence.Digests.Select(d => new ReportedDigest(d.Node, d.Index, d.Digest.ToString("x32", CultureInfo.InvariantCulture), majority is null ? null : d.Digest == majority))];
    }

    private static ReportedDifference Difference(uint group, DivergentRecord record, bool redact)
    {
        var difference = new ReportedDifference
        {
            Key = ReportedKey.Of(record.Key.Span),
            Own = Record(record.Own, redact),
            Expected = Record(record.Expected, redact),
            IsExpectedKnown = record.IsExpectedKnown,
            ChecksumHolds = record.Own is { } own && own.Length < StateRecord.HeaderSize + MostValueBytes ? StateRecord.IsSound(group, record.Key.Span, own.Span) : null,
        };
        return record.IsExpectedKnown ? Compare(difference, record) : difference;
    }

    private static ReportedDifference Compare(ReportedDifference difference, DivergentRecord record)
    {
        if (record.Own is not { Length: >= StateRecord.HeaderSize } own || record.Expected is not { Length: >= StateRecord.HeaderSize } expected)
        {
            return difference with { Fields = [RecordField.Presence] };
        }

        var a = new RowView(own.Span);
        var b = new RowView(expected.Span);
        List<RecordField> fields = [];
        void Note(bool differs, RecordField field)
        {
            if (differs)
            {
                fields.Add(field);
            }
        }

        Note(a.Hash != b.Hash, RecordField.Checksum);
        Note(a.Revision != b.Revision, RecordField.Revision);
        Note(a.ExpiryMs != b.ExpiryMs, RecordField.Expiry);
        Note(!a.Value.SequenceEqual(b.Value), RecordField.Value);
        UInt128 hashes = a.Hash ^ b.Hash;
        long bits = BitOperations.PopCount(a.Revision ^ b.Revision) + BitOperations.PopCount(a.ExpiryMs ^ b.ExpiryMs);
        long bytes = 0;
        List<int> offsets = [];
        for (int i = 0; i < Math.Max(a.Value.Length, b.Value.Length); i++)
        {
            int different = i < a.Value.Length && i < b.Value.Length ? a.Value[i] ^ b.Value[i] : 0xFF;
            if (different != 0)
            {
                bits += BitOperations.PopCount((uint)different);
                bytes++;
                if (offsets.Count < MostOffsets)
                {
                    offsets.Add(i);
                }
            }
        }

        return difference with
        {
            Fields = fields,
            DifferentBits = bits,
            DifferentChecksumBits = BitOperations.PopCount((ulong)hashes) + BitOperations.PopCount((ulong)(hashes >> 64)),
            DifferentBytes = bytes,
            Offsets = offsets,
        };
    }

    private static ReportedChange? Redact(ReportedChange? change) => change is null ? null : new ReportedChange(Redact(change.Before), Redact(change.After));

    private static ReportedRecord? Redact(ReportedRecord? record) => record?.Value is null
        ? record
        : record with { Value = null, ValueHash = XxHash128.HashToUInt128(Convert.FromBase64String(record.Value)).ToString("x32", CultureInfo.InvariantCulture) };

    /// <summary>A record's row as a report shows it; null: there is none.</summary>
    internal static ReportedRecord? Record(ReadOnlyMemory<byte>? row, bool redact)
    {
        if (row is not { Length: >= StateRecord.HeaderSize } whole)
        {
            return null;
        }

        var view = new RowView(whole.Span);
        ReadOnlySpan<byte> shown = view.Value[..Math.Min(view.Value.Length, MostValueBytes)];
        return new ReportedRecord
        {
            Revision = view.Revision,
            ExpiryMs = view.ExpiryMs,
            Checksum = view.Hash.ToString("x32", CultureInfo.InvariantCulture),
            ValueLength = view.Value.Length < MostValueBytes ? view.Value.Length : null,
            Value = redact ? null : Convert.ToBase64String(shown),
            ValueHash = redact ? XxHash128.HashToUInt128(shown).ToString("x32", CultureInfo.InvariantCulture) : null,
        };
    }
}
