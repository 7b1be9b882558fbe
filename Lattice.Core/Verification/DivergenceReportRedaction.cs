using System.Diagnostics.CodeAnalysis;
using System.IO.Hashing;

namespace Lattice.Core.Verification;

/// <summary>Takes the values out of a report; lengths, hashes and what differs stay.</summary>
public static class DivergenceReportRedaction
{
    /// <summary>The report without values.</summary>
    public static DivergenceReport WithoutValues(this DivergenceReport report) => report with
    {
        Keys = [.. report.Keys.Select(k => k with { Own = Redact(k.Own), Expected = Redact(k.Expected) })],
        Effects = [.. report.Effects.Select(e => e with { Machine = Redact(e.Machine), Model = Redact(e.Model) })],
    };

    private static ReportedChange? Redact(ReportedChange? change) =>
        change is null ? null : new ReportedChange(Redact(change.Before), Redact(change.After));

    [return: NotNullIfNotNull(nameof(record))]
    private static ReportedRecord? Redact(ReportedRecord? record) => record?.Value is { } value
        ? record with { Value = null, ValueHash = RecordComparison.Hex(XxHash128.HashToUInt128(Convert.FromBase64String(value))) }
        : record;
}
