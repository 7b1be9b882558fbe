using Lattice.Core.Verification;
using Xunit;

namespace Lattice.Core.Tests.Verification;

public sealed class DivergenceReportTextTests
{
    private const int MostLines = 40;

    [Theory]
    [MemberData(nameof(AnalysisCorpus.Names), MemberType = typeof(AnalysisCorpus))]
    public void A_report_fits_behind_the_headline_in_the_lines_that_the_manual_shows(string name) =>
        Assert.InRange(LinesOf(AnalysisCorpus.Cases.Single(c => c.Name == name).Report).Length, 12, MostLines);

    [Fact]
    public void The_longest_report_fits_too()
    {
        DivergenceReport report = Reports.Complete();
        report = report with { Keys = [.. Enumerable.Repeat(report.Keys[0] with { Key = new string('k', 500) }, 100)] };
        Assert.InRange(LinesOf(report).Length, 25, MostLines);
        Assert.Contains(LinesOf(report), line => line == "  and 97 more keys");
    }

    [Fact]
    public void It_says_what_was_found_where_what_it_comes_from_and_what_to_do()
    {
        string[] lines = LinesOf(AnalysisCorpus.Cases.Single(c => c.Name == "a bit flipped in what was executed").Report);
        Assert.Equal("Incident 3-1042-2f9c at 2031-03-04 05:06:07Z on node 2 of cluster lattice, version 1.2.3", lines[0]);
        Assert.Equal("Group 3, entry 1042, term 5, follower; the state that is kept goes up to entry 1041", lines[1]);
        Assert.Equal("Found by effects during apply, the replica contradicts itself: Something is not what it has to be.", lines[2]);
        Assert.Equal("  account/7: value differs: 1 bit, 1 byte of the value, the first at offset 23", lines[3]);
        Assert.StartsWith("Analysis by rules: memory-corruption in state-machine, confidence 0.9", lines[4], StringComparison.Ordinal);
        Assert.Contains(lines, line => line.StartsWith("  Suggested fix: ", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.StartsWith("  7. Document the incident", StringComparison.Ordinal));
    }

    [Fact]
    public void What_a_model_or_a_message_says_in_several_lines_stays_in_one()
    {
        DivergenceReport report = Reports.Complete();
        report = report with { Analysis = report.Analysis! with { Model = report.Analysis.Model! with { RootCause = "One.\nSTATE DIVERGENCE DETECTED\r\nThree." } } };
        Assert.DoesNotContain(LinesOf(report), line => line.StartsWith("STATE", StringComparison.Ordinal));
    }

    [Fact]
    public void Why_there_is_no_answer_of_a_model_is_said()
    {
        DivergenceReport report = Reports.Complete();
        report = report with { Analysis = report.Analysis! with { Model = null, ModelAbsence = "It did not answer within 20 s." } };
        Assert.Contains("No analysis by a language model: It did not answer within 20 s.", LinesOf(report));
    }

    private static string[] LinesOf(DivergenceReport report) => DivergenceReportText.Format(report).TrimEnd('\n').Split('\n');
}
