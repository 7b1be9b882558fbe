using System.Globalization;
using Lattice.Simulation.Runtime;

namespace Lattice.Simulation.Faults;

/// <summary>What became of the corruptions of a kind.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Part">What it is part of.</param>
/// <param name="Injected">How many there were.</param>
/// <param name="Noticed">How many raised an alarm.</param>
/// <param name="Harmless">How many were gone before anything came of them, by the judgement at the end of their run: answers and states were right.</param>
/// <param name="Wiped">How many went with all that their machine stored, for another reason.</param>
/// <param name="Unnoticed">How many did harm, or may have: their run failed.</param>
internal sealed record CorruptionCount(string Kind, string Part, long Injected, long Noticed, long Harmless, long Wiped, long Unnoticed)
{
    /// <summary>How many could have done harm.</summary>
    public long Harmful => Noticed + Unnoticed;

    /// <summary>Whether every one is accounted for.</summary>
    public bool IsComplete => Injected == Noticed + Harmless + Wiped + Unnoticed;
}

/// <summary>Counts what became of corruptions, in a run's coverage.</summary>
internal static class CorruptionSummary
{
    private const string InjectedPrefix = "corruption injected: ";
    private const string NoticedPrefix = "corruption noticed: ";
    private const string HarmlessPrefix = "corruption harmless: ";
    private const string WipedPrefix = "corruption wiped: ";
    private const string UnnoticedPrefix = "corruption unnoticed: ";

    public static void Injected(Coverage coverage, string kind) => coverage.Count(InjectedPrefix + kind);

    /// <summary>An alarm was raised.</summary>
    /// <param name="coverage">The run's counts.</param>
    /// <param name="kind">The kind.</param>
    /// <param name="how">By which check, while what was under way.</param>
    public static void Noticed(Coverage coverage, string kind, string how)
    {
        coverage.Count(NoticedPrefix + kind);
        coverage.Count($"noticed: {kind}, by {how}");
    }

    public static void Harmless(Coverage coverage, string kind) => coverage.Count(HarmlessPrefix + kind);

    public static void Wiped(Coverage coverage, string kind) => coverage.Count(WipedPrefix + kind);

    public static void Unnoticed(Coverage coverage, string kind) => coverage.Count(UnnoticedPrefix + kind);

    /// <summary>The counts of every kind.</summary>
    public static IReadOnlyList<CorruptionCount> Of(Coverage coverage) =>
    [
        .. CorruptionKinds.All.Select(k => new CorruptionCount(
            k.Kind,
            k.Part,
            coverage[InjectedPrefix + k.Kind],
            coverage[NoticedPrefix + k.Kind],
            coverage[HarmlessPrefix + k.Kind],
            coverage[WipedPrefix + k.Kind],
            coverage[UnnoticedPrefix + k.Kind])),
    ];

    /// <summary>Share of what could do harm that was noticed; null: nothing could.</summary>
    public static double? Rate(IEnumerable<CorruptionCount> counts) =>
        counts.Aggregate((Noticed: 0L, Harmful: 0L), (sum, c) => (sum.Noticed + c.Noticed, sum.Harmful + c.Harmful)) is { Harmful: > 0 } sum ? (double)sum.Noticed / sum.Harmful : null;

    /// <summary>The counts for people.</summary>
    public static IEnumerable<string> Describe(Coverage coverage)
    {
        IReadOnlyList<CorruptionCount> counts = Of(coverage);
        yield return $"{"corruption",-45}{"injected",10}{"noticed",10}{"harmless",10}{"wiped",10}{"unnoticed",10}";
        foreach (CorruptionCount c in counts)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"{c.Kind,-45}{c.Injected,10:N0}{c.Noticed,10:N0}{c.Harmless,10:N0}{c.Wiped,10:N0}{c.Unnoticed,10:N0}");
        }

        foreach (IGrouping<string, CorruptionCount> part in counts.GroupBy(c => c.Part, StringComparer.Ordinal))
        {
            long noticed = part.Sum(c => c.Noticed);
            long harmful = part.Sum(c => c.Harmful);
            yield return Rate(part) is { } rate
                ? string.Create(CultureInfo.InvariantCulture, $"{part.Key}: noticed {noticed:N0} of {harmful:N0} that could do harm, {100 * rate:0.##} %")
                : $"{part.Key}: nothing that could do harm";
        }
    }
}
