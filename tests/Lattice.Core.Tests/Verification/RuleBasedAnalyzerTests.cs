using Lattice.Core.Verification;
using Xunit;
using Xunit.Abstractions;

namespace Lattice.Core.Tests.Verification;

public sealed class RuleBasedAnalyzerTests(ITestOutputHelper output)
{
    private const double LeastShareRight = 0.93;

    [Fact]
    public void The_corpus_has_cases_of_all_classes()
    {
        Assert.InRange(AnalysisCorpus.Cases.Count, 40, int.MaxValue);
        Assert.Equal(Enum.GetValues<DivergenceClass>(), AnalysisCorpus.Cases.Select(c => c.Class).Distinct().Order());
        Assert.Equal(Enum.GetValues<DivergenceComponent>(), AnalysisCorpus.Cases.Select(c => c.Component).OfType<DivergenceComponent>().Distinct().Order());
        Assert.Distinct(AnalysisCorpus.Cases.Select(c => c.Name));
    }

    [Fact]
    public void The_analyser_names_the_right_class_and_component_in_nearly_all_cases_of_the_corpus()
    {
        var table = new ConfusionTable();
        int rightComponents = 0;
        foreach (AnalysisCorpus.Case known in AnalysisCorpus.Cases)
        {
            DivergenceAnalysis answer = RuleBasedAnalyzer.Analyze(known.Report);
            table.Add(known.Class, answer.Class);
            rightComponents += known.Component is null || known.Component == answer.Component ? 1 : 0;
            if (answer.Class != known.Class || (known.Component is not null && known.Component != answer.Component))
            {
                output.WriteLine($"{known.Name}: is {known.Class} in {known.Component}, answered {answer.Class} in {answer.Component} with {answer.Confidence}");
            }
        }

        output.WriteLine(table.ToString());
        File.WriteAllText(Path.Combine(AppContext.BaseDirectory, "confusion-table.md"), table.ToString());
        Assert.InRange((double)table.Right / table.Total, LeastShareRight, 1);
        Assert.InRange((double)rightComponents / table.Total, LeastShareRight, 1);
    }

    [Theory]
    [MemberData(nameof(AnalysisCorpus.Names), MemberType = typeof(AnalysisCorpus))]
    public void An_answer_is_whole_and_is_the_same_each_time(string name)
    {
        DivergenceReport report = AnalysisCorpus.Cases.Single(c => c.Name == name).Report;
        DivergenceAnalysis answer = RuleBasedAnalyzer.Analyze(report);
        Assert.Equal(DivergenceReportJson.Write(answer), DivergenceReportJson.Write(RuleBasedAnalyzer.Analyze(report)));
        Assert.InRange(answer.Confidence, 0, 1);
        Assert.NotEmpty(answer.RootCause);
        Assert.NotEmpty(answer.SuggestedFix);
        Assert.Equal(7, answer.NextSteps.Count);
        Assert.NotEmpty(answer.Candidates);
        Assert.All(answer.Candidates, c => Assert.InRange(c.Score, 0, 1));
        Assert.Equal(answer.Candidates.Select(c => c.Score), answer.Candidates.Select(c => c.Score).OrderDescending());
        Assert.True(answer.Class == DivergenceClass.Unknown || answer.Candidates[0].Class == answer.Class);
        Assert.Equal(RuleBasedAnalyzer.Analyze(report).Class, RuleBasedAnalyzer.Analyze(report with { Analysis = new ReportedAnalysis { Rules = answer } }).Class);
    }

    [Fact]
    public void Each_fact_of_the_table_is_stated_by_some_case()
    {
        List<ReportFacts> all = [.. AnalysisCorpus.Cases.Select(c => new ReportFacts(c.Report))];
        Assert.All(EvidenceTable.Rules, rule => Assert.Contains(all, facts => rule.Holds(facts)));
    }

    [Fact]
    public void What_speaks_against_a_cause_is_said_too()
    {
        DivergenceAnalysis answer = Analyze("a record was misread once");
        CandidateCause disk = answer.Candidates.Single(c => c.Class == DivergenceClass.DiskCorruption);
        Assert.Contains("A stored record's own hash does not vouch for it.", disk.EvidenceFor);
        Assert.Contains("Reading the record again gives the right bytes: the disk has them, and they changed on the way through memory.", disk.EvidenceAgainst);
    }

    [Fact]
    public void More_evidence_for_a_cause_makes_it_surer()
    {
        double little = Analyze("a stored record is damaged and nothing else is known").Confidence;
        double more = Analyze("a bit rotted in a stored record, found by the scrub").Confidence;
        double most = Analyze("a stored record is damaged, the disk counts errors").Confidence;
        Assert.True(little < more && more <= most, $"{little} < {more} <= {most}");
        Assert.InRange(Analyze("the state differs and nobody knows more").Confidence, 0, 0.5);
    }

    [Fact]
    public void The_next_steps_are_those_of_the_manual_for_the_node_that_halted()
    {
        IReadOnlyList<string> steps = Analyze("a bit flipped in what was executed").NextSteps;
        Assert.Contains("Do not restart node 2 yet", steps[0], StringComparison.Ordinal);
        Assert.Contains("lattice restore 2 FILE", steps[3], StringComparison.Ordinal);
        Assert.Contains("lattice admin clear-divergence 2 --yes", steps[3], StringComparison.Ordinal);
        Assert.Contains("lattice status 2 --verbose", steps[5], StringComparison.Ordinal);
        Assert.Contains("clear no node", Analyze("a command depends on the local time, all replicas differ").NextSteps[0], StringComparison.Ordinal);
    }

    [Fact]
    public void The_root_cause_names_node_record_and_entry()
    {
        Assert.Equal("Main memory of node 2 changed the record 'account/7' while Lattice held it.", Analyze("a bit flipped in what was executed").RootCause);
        Assert.Equal("Entry 1042 of group 3 did not do the same on node 2 as on the other replicas, though all executed the same command on 'account/7'.", Analyze("a command depends on the local time").RootCause);
        Assert.Equal("Consensus of group 3 broke the rule 'one-leader-per-term' as node 2 saw it.", Analyze("two leaders of one term").RootCause);
    }

    private static DivergenceAnalysis Analyze(string name) => RuleBasedAnalyzer.Analyze(AnalysisCorpus.Cases.Single(c => c.Name == name).Report);
}
