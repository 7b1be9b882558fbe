using System.Globalization;

namespace Lattice.Core.Verification;

/// <summary>What a report says, in the terms in which causes are told apart.</summary>
internal sealed class ReportFacts(DivergenceReport report)
{
    /// <summary>Facts that were established after the divergence was found.</summary>
    public DivergenceChecks Checks => report.Checks;

    /// <summary>All records that differ and whose right content is known.</summary>
    private IEnumerable<ReportedDifference> Known => report.Keys.Where(k => k.IsExpectedKnown);

    /// <summary>One record differs in one bit, its hash included: it changed after it was hashed.</summary>
    public bool IsOneBitOfARecord => Known.Any() && Known.All(k => k.DifferentBits + k.DifferentChecksumBits == 1);

    /// <summary>A record differs in one bit, and its hash was computed after that.</summary>
    public bool IsOneBitBeforeHashing => Known.Any() && Known.All(k => k.DifferentBits == 1 && k.DifferentChecksumBits > 1);

    /// <summary>The digest of a bucket differs in one bit from what its rows add up to.</summary>
    public bool IsOneBitOfADigest => report.Buckets.Count > 0 && report.Buckets.All(b => BitsBetween(b.Own, b.Expected) == 1);

    /// <summary>What differs was written by the same command here and elsewhere, with another outcome.</summary>
    public bool IsWrittenBySameCommand => Known.Any() && Known.All(k => k.Own is not null && k.Expected is not null && k.Own.Revision == k.Expected.Revision);

    /// <summary>It is known what differs, and none of the commands that were executed last wrote it.</summary>
    public bool IsWrittenByNoCommand => Known.Any() && report.Command is null;

    /// <summary>A record is missing here, or older than it has to be.</summary>
    public bool IsBehind => Known.Any(k => k.Expected is not null && (k.Own is null || k.Own.Revision < k.Expected.Revision));

    /// <summary>A record is here that must not be.</summary>
    public bool HasTooMany => Known.Any(k => k.Own is not null && k.Expected is null);

    /// <summary>State machine and reference model differ in a record, not just in what surrounds it.</summary>
    public bool HasEffects => report.Effects.Count > 0 || report.Keys.Count > 0;

    /// <summary>Nodes run different versions or builds.</summary>
    public bool VersionsDiffer => Differ(n => n.Version) || Differ(n => n.Build);

    /// <summary>Nodes apply different limits.</summary>
    public bool LimitsDiffer => Differ(n => n.LimitsHash);

    /// <summary>Nodes write different formats.</summary>
    public bool FormatsDiffer => Differ(n => n.Formats.Count == 0 ? null : string.Join(';', n.Formats.OrderBy(f => f.Key, StringComparer.Ordinal).Select(f => string.Create(CultureInfo.InvariantCulture, $"{f.Key}={f.Value}"))));

    /// <summary>At least two nodes told what they run, and it is the same.</summary>
    public bool NodesAreAlike => report.Nodes.Count > 1 && !VersionsDiffer && !LimitsDiffer && !FormatsDiffer;

    /// <summary>The memory counted errors that could not be corrected.</summary>
    public bool HasUncorrectedMemoryErrors => report.Machine?.MemoryErrors.Any(m => m.Uncorrected > 0) == true;

    /// <summary>The memory counted errors that were corrected.</summary>
    public bool HasCorrectedMemoryErrors => report.Machine?.MemoryErrors.Any(m => m.Corrected > 0) == true;

    /// <summary>A device or a file system counted errors.</summary>
    public bool HasDeviceErrors => report.Machine?.DeviceErrors.Any(d => d.Count > 0) == true;

    /// <summary>The same fault was found on other replicas.</summary>
    public bool AreOthersAffected => report.Checks.OtherReplicasAffected > 0;

    /// <summary>Nobody agrees with anybody: at least three replicas with a digest each of their own.</summary>
    public bool AllDigestsDiffer => report.Digests.Count > 2 && report.Digests.Select(d => d.Digest).Distinct().Count() == report.Digests.Count;

    /// <summary>This replica's digest is the majority's.</summary>
    public bool IsInMajority => report.Digests.Any(d => d.Node == report.Node && d.AgreesWithMajority == true);

    /// <summary>A cached copy that was bad is right when it is looked at again.</summary>
    public bool CacheIsRightWhenReadAgain => report.Keys.Any(k => k.CacheAgreesWhenReadAgain == true);

    /// <summary>Whether one of these checks found it.</summary>
    public bool FoundBy(params ReadOnlySpan<DivergenceKind> kinds) => kinds.Contains(report.Detection.Kind);

    /// <summary>Whether it was found then.</summary>
    public bool FoundDuring(DivergencePhase phase) => report.Detection.Phase == phase;

    private bool Differ(Func<ReportedNode, string?> said) => report.Nodes.Select(said).Where(s => s is not null).Distinct().Skip(1).Any();

    private static int BitsBetween(string? own, string? expected) =>
        UInt128.TryParse(own, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out UInt128 a)
        && UInt128.TryParse(expected, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out UInt128 b)
            ? (int)UInt128.PopCount(a ^ b)
            : 0;
}
