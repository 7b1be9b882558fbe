using System.Collections.Immutable;

namespace Lattice.Core.Consensus;

/// <summary>What happens to one node in a <see cref="ConfigurationChange"/>.</summary>
public enum MemberChangeKind : byte
{
    /// <summary>The node gets a vote under the given incarnation.</summary>
    Voter = 1,

    /// <summary>The node receives the log under the given incarnation and has no vote (any more).</summary>
    Learner = 2,

    /// <summary>The node leaves the group and is remembered as removed.</summary>
    Remove = 3,

    /// <summary>The node is no longer remembered as removed: it may ask to be taken in.</summary>
    Readmit = 4,
}

/// <summary>What happens to one node.</summary>
/// <param name="Kind">What.</param>
/// <param name="Node">Node id.</param>
/// <param name="Incarnation">Incarnation that counts from then on; unused for <see cref="MemberChangeKind.Remove"/> and <see cref="MemberChangeKind.Readmit"/>.</param>
public readonly record struct MemberChange(MemberChangeKind Kind, int Node, ulong Incarnation = 0);

/// <summary>
/// A change of a group's members. When at most one voter comes or goes, it is made in one step: the majorities before and after have
/// a node in common. Otherwise the group passes through a joint configuration, which the leader leaves by itself.
/// </summary>
/// <param name="Changes">What happens to which node; each node at most once.</param>
public sealed record ConfigurationChange(ImmutableArray<MemberChange> Changes)
{
    /// <summary>Gives one node a vote.</summary>
    public static ConfigurationChange Voter(int node, ulong incarnation) => new([new MemberChange(MemberChangeKind.Voter, node, incarnation)]);

    /// <summary>Makes one node a learner.</summary>
    public static ConfigurationChange Learner(int node, ulong incarnation) => new([new MemberChange(MemberChangeKind.Learner, node, incarnation)]);

    /// <summary>Removes one node.</summary>
    public static ConfigurationChange Remove(int node) => new([new MemberChange(MemberChangeKind.Remove, node)]);

    /// <summary>Lets one removed node ask to be taken in again.</summary>
    public static ConfigurationChange Readmit(int node) => new([new MemberChange(MemberChangeKind.Readmit, node)]);

    /// <summary>
    /// The next change on the way of <paramref name="joining"/> into the group, null when there is none: a voter for which no incarnation was accepted
    /// yet is accepted as it is (nothing was ever counted for it, so nothing can have been lost); any other node becomes a learner under the
    /// new incarnation, which takes the vote from the old one whose promises are gone. The promotion follows when it has caught up.
    /// </summary>
    public static ConfigurationChange? TakeIn(Configuration current, Member joining)
    {
        if (current.Removed.Contains(joining.Node) || current.Accepts(joining.Node, joining.Incarnation))
        {
            return null;
        }

        return current.IsVoter(joining.Node) && current.IncarnationOf(joining.Node) == 0
            ? Voter(joining.Node, joining.Incarnation)
            : Learner(joining.Node, joining.Incarnation);
    }

    /// <summary>The configuration that this change leads to, joint or final; null when the change is not valid for <paramref name="current"/> or changes nothing.</summary>
    public Configuration? ApplyTo(Configuration current)
    {
        if (current.IsJoint || current.IsEmpty || Changes.IsDefaultOrEmpty)
        {
            return null;
        }

        var draft = new Draft(current);
        var seen = new HashSet<int>();
        foreach (MemberChange change in Changes)
        {
            if (change.Node < 1 || !seen.Add(change.Node) || !draft.Take(change))
            {
                return null;
            }
        }

        return draft.Finish();
    }

    /// <summary>The final configuration after the joint one <paramref name="joint"/>.</summary>
    internal static Configuration Leave(Configuration joint)
    {
        ImmutableSortedSet<int> learners = joint.Learners.Union(joint.LearnersNext);
        ImmutableSortedSet<int> gone = joint.OutgoingVoters.Except(joint.Voters).Except(learners);
        return joint with
        {
            OutgoingVoters = [],
            LearnersNext = [],
            Learners = learners,
            Incarnations = joint.Incarnations.RemoveRange(gone),
            Removed = joint.Removed.Union(gone),
        };
    }

    /// <summary>The members while the changes are made one by one.</summary>
    private sealed class Draft(Configuration current)
    {
        private ImmutableSortedSet<int> voters = current.Voters;
        private ImmutableSortedSet<int> learners = current.Learners;
        private ImmutableSortedSet<int> removed = current.Removed;
        private ImmutableSortedDictionary<int, ulong> incarnations = current.Incarnations;
        private bool changed;
        private bool voterLosesIncarnation;

        public bool Take(MemberChange change) => change.Kind switch
        {
            MemberChangeKind.Voter => AddVoter(change.Node, change.Incarnation),
            MemberChangeKind.Learner => AddLearner(change.Node, change.Incarnation),
            MemberChangeKind.Remove => Remove(change.Node),
            MemberChangeKind.Readmit => Readmit(change.Node),
            _ => false,
        };

        public Configuration? Finish()
        {
            // Voters without an accepted incarnation count in the size of the majority but cannot vote: a configuration in which they are
            // needed could never elect a leader that takes them in.
            int able = voters.Count(node => incarnations.GetValueOrDefault(node) != 0);
            if (!changed || able <= voters.Count / 2)
            {
                return null;
            }

            ImmutableSortedSet<int> difference = voters.SymmetricExcept(current.Voters);
            if (difference.Count <= 1)
            {
                ImmutableSortedSet<int> gone = difference.Except(voters).Except(learners);
                return current with
                {
                    Voters = voters,
                    Learners = learners,
                    Removed = removed.Union(gone),
                    Incarnations = incarnations.RemoveRange(gone),
                };
            }

            // In the joint configuration the old half still votes, and an incarnation can be configured only once. A new incarnation that
            // spoke for the old half would vouch for entries it never had.
            if (voterLosesIncarnation)
            {
                return null;
            }

            ImmutableSortedSet<int> demoted = learners.Intersect(current.Voters);
            return current with
            {
                Voters = voters,
                OutgoingVoters = current.Voters,
                Learners = learners.Except(demoted),
                LearnersNext = demoted,
                Removed = removed,
                Incarnations = incarnations,
            };
        }

        private bool AddVoter(int node, ulong incarnation)
        {
            ulong known = current.IncarnationOf(node);
            if (incarnation == 0 || removed.Contains(node) || (known != 0 && known != incarnation))
            {
                // A member under another incarnation first has to become a learner: its old promises are gone.
                return false;
            }

            changed |= !voters.Contains(node) || known != incarnation;
            voters = voters.Add(node);
            learners = learners.Remove(node);
            incarnations = incarnations.SetItem(node, incarnation);
            return true;
        }

        private bool AddLearner(int node, ulong incarnation)
        {
            if (incarnation == 0 || removed.Contains(node))
            {
                return false;
            }

            changed |= !learners.Contains(node) || current.IncarnationOf(node) != incarnation;
            voterLosesIncarnation |= voters.Contains(node) && current.IncarnationOf(node) != incarnation;
            voters = voters.Remove(node);
            learners = learners.Add(node);
            incarnations = incarnations.SetItem(node, incarnation);
            return true;
        }

        private bool Remove(int node)
        {
            changed |= current.IsMember(node) || !removed.Contains(node);
            if (current.Voters.Contains(node))
            {
                // Remembered as removed when it has stopped voting: at once in a simple change, on leaving a joint one.
                voters = voters.Remove(node);
                return true;
            }

            learners = learners.Remove(node);
            incarnations = incarnations.Remove(node);
            removed = removed.Add(node);
            return true;
        }

        private bool Readmit(int node)
        {
            changed |= removed.Contains(node);
            removed = removed.Remove(node);
            return true;
        }
    }
}
