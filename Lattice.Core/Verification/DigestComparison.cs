using Lattice.Core.Consensus;

namespace Lattice.Core.Verification;

/// <summary>How the replicas of a group stand to each other, as somebody sees it who asked all of them.</summary>
public enum DigestAgreement
{
    /// <summary>There are no two replicas to compare: one answered, or the group has one member.</summary>
    NothingToCompare,

    /// <summary>Replicas answered, and no two of them have an entry in common.</summary>
    NoCommonEntry,

    /// <summary>All that were compared have the same state.</summary>
    Agree,

    /// <summary>A majority has the same state, and others have another one.</summary>
    Differ,

    /// <summary>They differ, and no majority says which is right.</summary>
    NoMajority,
}

/// <summary>The outcome of a comparison.</summary>
/// <param name="Agreement">How they stand.</param>
/// <param name="Index">The entry at which they were compared; 0: at none.</param>
/// <param name="Right">Replicas that have the state that is right; all that were compared when there is no majority.</param>
/// <param name="Wrong">Replicas that have another one.</param>
/// <param name="NotCompared">Members that did not answer, or could not be compared at that entry.</param>
public sealed record DigestVerdict(DigestAgreement Agreement, ulong Index, IReadOnlyList<int> Right, IReadOnlyList<int> Wrong, IReadOnlyList<int> NotCompared);

/// <summary>
/// Compares replicas from outside: finds the latest entry that most of them have passed and still know, and judges their digests there by the rule that the replicas themselves
/// follow (<see cref="DigestArbitration"/>). Replicas that are no members under their incarnation, and those that have stopped, have no say.
/// </summary>
public static class DigestComparison
{
    /// <summary>The members as the best informed replica knows them.</summary>
    public static Configuration MembersOf(IReadOnlyList<DigestSample> samples) =>
        samples.Where(s => !s.Members.IsEmpty).OrderByDescending(s => s.Term).ThenByDescending(s => s.Last).FirstOrDefault()?.Members ?? Configuration.Empty;

    /// <summary>The replicas that have a say.</summary>
    public static IReadOnlyList<DigestSample> Participants(IReadOnlyList<DigestSample> samples, Configuration members) =>
        [.. samples.Where(s => s.Last > 0 && s.State != VerificationState.Diverged && members.Accepts(s.Node, s.Incarnation))];

    /// <summary>The latest entry at which most replicas can be compared; 0: there is none that two of them know.</summary>
    public static ulong CommonIndex(IReadOnlyList<DigestSample> participants)
    {
        (ulong index, int most) = (0UL, 1);
        foreach (ulong candidate in participants.Select(s => s.Last).OrderDescending())
        {
            int covering = participants.Count(s => s.Covers(candidate));
            if (covering > most)
            {
                (index, most) = (candidate, covering);
            }
        }

        return index;
    }

    /// <summary>Judges the digests at an entry.</summary>
    /// <param name="members">The members.</param>
    /// <param name="participants">Those that have a say.</param>
    /// <param name="index">The entry; 0: they have none in common.</param>
    /// <param name="digests">The digest after it of each replica that knows it, by node.</param>
    public static DigestVerdict Judge(Configuration members, IReadOnlyList<DigestSample> participants, ulong index, IReadOnlyDictionary<int, UInt128> digests)
    {
        var everybody = DigestArbitration.All(members);
        List<int> compared = [.. participants.Select(s => s.Node).Where(digests.ContainsKey).Order()];
        List<int> missing = [.. everybody.Except(compared)];
        if (compared.Count < 2)
        {
            return new DigestVerdict(participants.Count < 2 ? DigestAgreement.NothingToCompare : DigestAgreement.NoCommonEntry, 0, [], [], [.. everybody]);
        }

        if (compared.TrueForAll(node => digests[node] == digests[compared[0]]))
        {
            return new DigestVerdict(DigestAgreement.Agree, index, compared, [], missing);
        }

        var open = new DigestArbitration(compared[0], new LogPosition(index, 0), digests[compared[0]]);
        foreach (int node in compared.Skip(1))
        {
            open.Answers[node] = digests[node];
        }

        open.Behind.UnionWith(participants.Where(s => s.Last < index).Select(s => s.Node));
        return open.Decide(members) is { } right
            ? new DigestVerdict(DigestAgreement.Differ, index, [.. compared.Where(node => digests[node] == right)], [.. compared.Where(node => digests[node] != right)], missing)
            : new DigestVerdict(DigestAgreement.NoMajority, index, compared, [], missing);
    }
}
