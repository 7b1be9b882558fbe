using Lattice.Core.Verification;
using Xunit;

namespace Lattice.Core.Tests.Verification;

public sealed class DivergenceReportRedactionTests
{
    [Fact]
    public void No_value_stays_but_what_is_known_of_it_does()
    {
        DivergenceReport redacted = Reports.Complete().WithoutValues();
        string json = DivergenceReportJson.Write(redacted);
        Assert.DoesNotContain(Convert.ToBase64String("100 coins"u8), json, StringComparison.Ordinal);
        Assert.DoesNotContain("\"value\": \"", json, StringComparison.Ordinal);
        Assert.All(redacted.Keys, k => Assert.NotNull(k.Expected!.ValueHash));
        Assert.Equal(9, redacted.Keys[0].Own!.ValueLength);
        Assert.NotNull(redacted.Effects[0].Machine!.After!.ValueHash);
        Assert.Null(redacted.Effects[0].Machine!.Before);
    }

    [Fact]
    public void It_is_what_would_have_been_written_had_values_been_redacted_then()
    {
        byte[] row = Reports.Row("100 coins");
        Assert.Equal(RecordComparison.Show(row, redact: true), (Reports.Of(DivergenceKind.RecordChecksum, DivergencePhase.Read).With(row, row)).WithoutValues().Keys[0].Own);
        Assert.Equal(DivergenceReportJson.Write(Reports.Complete().WithoutValues()), DivergenceReportJson.Write(Reports.Complete().WithoutValues().WithoutValues()));
    }

    [Fact]
    public void The_causes_are_told_apart_without_values_as_well() => Assert.All(AnalysisCorpus.Cases, known =>
        Assert.Equal(DivergenceReportJson.Write(RuleBasedAnalyzer.Analyze(known.Report)), DivergenceReportJson.Write(RuleBasedAnalyzer.Analyze(known.Report.WithoutValues()))));
}
