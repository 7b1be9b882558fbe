using System.Collections.Immutable;
using Lattice.Core.Consensus;

namespace Lattice.Core.Verification;

/// <summary>A difference at one entry that is being decided: who has which digest, and which of them is right.</summary>
internal sealed class DigestArbitration(int node, LogPosition entry, UInt128 own)
{
    /// <summary>Where the replicas differ.</summary>
    public LogPosition Entry => entry;

    /// <summary>The digest of the replica that asks.</summary>
    public UInt128 Own => own;

    /// <summary>Digest of each member that answered; null: it does not know.</summary>
    public Dictionary<int, UInt128?> Answers { get; } = [];

    /// <summary>Members that have not come to the entry: they have nothing to say about it.</summary>
    public HashSet<int> Behind { get; } = [];

    /// <summary>How long it has been open.</summary>
    public int Ticks { get; set; }

    /// <summary>Whether it has been said that nobody can decide it.</summary>
    public bool IsTold { get; set; }

    /// <summary>The digests that are known, the own one first.</summary>
    public IReadOnlyList<ReplicaDigest> Digests =>
        [new ReplicaDigest(node, entry.Index, own), .. Answers.Where(a => a.Value is not null).Select(a => new ReplicaDigest(a.Key, entry.Index, a.Value!.Value))];

    /// <summary>All that have the state: who has no vote, or not yet or not any longer, knows it as well as those who do.</summary>
    public static ImmutableSortedSet<int> All(Configuration members) => members.Voters.Union(members.OutgoingVoters).Union(members.Learners);

    /// <summary>
    /// Right is the digest that a majority of all members has, but for those that have not come to the entry, or a majority of the voters unless as many members have another one: a
    /// learner that is still far behind must not keep the voters from deciding, and a single voter must not overrule all others.
    /// </summary>
    /// <returns>The right one; null: it is not decided.</returns>
    public UInt128? Decide(Configuration members)
    {
        ImmutableSortedSet<int> everybody = All(members);
        int all = everybody.Count(member => !Behind.Contains(member));
        UInt128[] candidates = [.. Answers.Values.Append(own).OfType<UInt128>().Distinct()];
        foreach (UInt128 candidate in candidates)
        {
            int supporters = Supporters(everybody, candidate);
            int others = candidates.Where(d => d != candidate).Select(d => Supporters(everybody, d)).DefaultIfEmpty().Max();
            bool hasVoters = 2 * Supporters(members.Voters, candidate) > members.Voters.Count;
            bool hasMembers = 2 * supporters > all && (supporters > 1 || Behind.Count == 0);
            if (hasMembers || (hasVoters && supporters > others))
            {
                return candidate;
            }
        }

        return null;
    }

    /// <summary>Whether all voters have answered, and one of them does not know: then the difference may never be decided at this entry.</summary>
    public bool IsUndecidable(Configuration members) =>
        members.Voters.All(member => member == node || Answers.ContainsKey(member)) && Answers.Values.Any(answer => answer is null);

    private int Supporters(IEnumerable<int> members, UInt128 digest) =>
        members.Count(member => (member == node ? own : Answers.GetValueOrDefault(member)) == digest);
}
