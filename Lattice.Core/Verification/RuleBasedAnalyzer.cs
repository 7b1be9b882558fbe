namespace Lattice.Core.Verification;

/// <summary>
/// Says what a divergence is likely to come from, by <see cref="EvidenceTable"/> alone: needs nothing but the report, and gives the same answer each time. The weights of the
/// facts that hold are added up for each class; what a class then has of all odds is its score.
/// </summary>
public static class RuleBasedAnalyzer
{
    // Rules that nobody has proved complete are never certain.
    private const double MostConfidence = 0.98;

    /// <summary>Analyses a report.</summary>
    public static DivergenceAnalysis Analyze(DivergenceReport report)
    {
        var facts = new ReportFacts(report);
        List<EvidenceRule> rules = [.. EvidenceTable.Rules.Where(rule => rule.Holds(facts))];
        Dictionary<DivergenceClass, double> weights = Weigh(rules);
        double odds = weights.Values.Sum(Math.Exp);
        List<CandidateCause> candidates = [.. weights.Keys
            .Select(cause => new CandidateCause(cause, Share(Math.Exp(weights[cause]) / odds), Sentences(rules, cause, weight => weight > 0), Sentences(rules, cause, weight => weight < 0)))
            .Where(candidate => candidate.EvidenceFor.Count + candidate.EvidenceAgainst.Count > 0)
            .OrderByDescending(candidate => weights[candidate.Class])
            .ThenBy(candidate => candidate.Class)];
        DivergenceClass likeliest = weights.OrderByDescending(w => w.Value).ThenBy(w => w.Key).First().Key;
        DivergenceComponent component = ComponentOf(rules, likeliest) ?? Remedies.UsualComponent(report.Detection.Kind);
        return new DivergenceAnalysis
        {
            RootCause = Remedies.RootCause(report, likeliest, component),
            Class = likeliest,
            Component = component,
            Confidence = Math.Min(MostConfidence, Share(Math.Exp(weights[likeliest]) / odds)),
            Candidates = candidates,
            SuggestedFix = Remedies.Fix(report, likeliest, component),
            NextSteps = Remedies.NextSteps(report),
        };
    }

    private static Dictionary<DivergenceClass, double> Weigh(List<EvidenceRule> rules)
    {
        var weights = Enum.GetValues<DivergenceClass>().ToDictionary(cause => cause, _ => 0.0);
        weights[DivergenceClass.Unknown] = EvidenceTable.Doubt;
        foreach (Indication indication in rules.SelectMany(rule => rule.Indications))
        {
            weights[indication.Class] += indication.Weight;
        }

        return weights;
    }

    private static List<string> Sentences(List<EvidenceRule> rules, DivergenceClass cause, Func<double, bool> side) =>
        [.. rules.Where(rule => rule.Indications.Any(i => i.Class == cause && side(i.Weight))).Select(rule => rule.Fact)];

    private static DivergenceComponent? ComponentOf(List<EvidenceRule> rules, DivergenceClass cause) => rules
        .SelectMany(rule => rule.Indications)
        .Where(i => i.Class == cause && i.Component is not null)
        .GroupBy(i => i.Component)
        .OrderByDescending(group => group.Sum(i => i.Weight))
        .FirstOrDefault()?.Key;

    private static double Share(double odds) => Math.Round(odds, 3);
}
