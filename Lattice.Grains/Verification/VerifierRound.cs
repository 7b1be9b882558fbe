using Lattice.Core.Consensus;
using Lattice.Core.Verification;

namespace Lattice.Grains.Verification;

/// <summary>One comparison of the replicas of a group. Immutable.</summary>
/// <param name="Members">The members.</param>
/// <param name="Samples">What the replicas said.</param>
/// <param name="Verdict">How they stand to each other.</param>
internal sealed record VerifierRound(Configuration Members, IReadOnlyList<ReplicaSample> Samples, DigestVerdict Verdict)
{
    /// <summary>Compares: asks how far each replica is, finds an entry that they have in common, asks for the digests there.</summary>
    /// <param name="ask">Asks all replicas for their digest after an entry.</param>
    public static async Task<VerifierRound> RunAsync(Func<ulong, Task<IReadOnlyList<ReplicaSample>>> ask)
    {
        IReadOnlyList<ReplicaSample> answers = await ask(0);
        List<DigestSample> samples = [.. answers.Select(a => a.ToSample())];
        Configuration members = DigestComparison.MembersOf(samples);
        IReadOnlyList<DigestSample> participants = DigestComparison.Participants(samples, members);
        ulong index = DigestComparison.CommonIndex(participants);
        Dictionary<int, UInt128> digests = [];
        if (index > 0)
        {
            foreach (DigestSample sample in DigestComparison.Participants([.. (await ask(index)).Select(a => a.ToSample())], members))
            {
                if (sample.Digest is { } digest)
                {
                    digests[sample.Node] = digest;
                }
            }
        }

        return new VerifierRound(members, answers, DigestComparison.Judge(members, participants, index, digests));
    }

    /// <summary>The replicas that say of themselves that they stand so.</summary>
    public IEnumerable<ReplicaSample> In(VerificationState state) => Samples.Where(s => s.State == state.ToString());
}
