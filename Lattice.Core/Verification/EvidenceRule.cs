namespace Lattice.Core.Verification;

/// <summary>
/// One line of the table by which causes are told apart: a fact, and how much it says for and against kinds of causes. Weights are natural logarithms of odds: a fact of
/// weight 3 for a cause makes it twenty times as likely against the others as it was without.
/// </summary>
/// <param name="Fact">The fact as a sentence.</param>
/// <param name="Holds">Whether a report states it.</param>
/// <param name="Indications">What it says.</param>
internal sealed record EvidenceRule(string Fact, Func<ReportFacts, bool> Holds, params IReadOnlyList<Indication> Indications);

/// <summary>What a fact says about one kind of cause.</summary>
/// <param name="Class">The kind of cause.</param>
/// <param name="Component">Where that cause would then be; null: the fact does not say.</param>
/// <param name="Weight">Positive: for it. Negative: against it.</param>
internal readonly record struct Indication(DivergenceClass Class, DivergenceComponent? Component, double Weight);
