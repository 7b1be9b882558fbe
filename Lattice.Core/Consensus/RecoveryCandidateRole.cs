using System.Collections.Immutable;

namespace Lattice.Core.Consensus;

/// <summary>
/// Asks all participants of a recovery for their vote. All of them have to give it, and each gives one a term, so a term is won at most
/// once, be it by recovery or by election. The winner's first entry names the incarnations that voted; it takes effect when appended, since nobody
/// counts under the configuration before it.
/// </summary>
internal sealed class RecoveryCandidateRole(RaftCore core, IReadOnlyCollection<int> participants, bool forced) : Role(core)
{
    private readonly SortedDictionary<int, ulong> votes = [];

    public override RaftRole Kind => RaftRole.Candidate;

    public void Begin()
    {
        if (participants.Count == 0)
        {
            Win();
        }
        else
        {
            Ask();
        }
    }

    public override void Tick()
    {
        Core.ElectionElapsed++;
        if (Core.ElectionElapsed >= Core.ElectionTimeout)
        {
            Core.Search.OnElectionTimeout();
        }
        else if (Core.ElectionElapsed % Math.Max(1, Core.Options.ElectionTicks / 3) == 0)
        {
            Ask();
        }
    }

    public override void Step(Message message)
    {
        if (message.Kind != MessageKind.RecoveryVoteReply || message.Context != Core.Nonce || !participants.Contains(message.From))
        {
            return;
        }

        if (message.Reject)
        {
            Core.BecomeFollower(Core.Term, 0);
            return;
        }

        votes[message.From] = message.FromIncarnation;
        if (votes.Count == participants.Count)
        {
            Win();
        }
    }

    private void Ask()
    {
        LogPosition last = Core.Log.Last;
        foreach (int node in participants)
        {
            if (!votes.ContainsKey(node))
            {
                Core.Outbox.SendAfterPersist(new Message
                {
                    Kind = MessageKind.RecoveryVote,
                    From = Core.Node,
                    FromIncarnation = Core.Incarnation,
                    To = node,
                    Term = Core.Term,
                    Index = last.Index,
                    LogTerm = last.Term,
                    Context = Core.Nonce,
                });
            }
        }
    }

    private void Win()
    {
        Configuration latest = Core.Configurations.Latest;
        Configuration recovered = forced ? Remains(latest) : Everyone(latest);
        ImmutableSortedDictionary<int, ulong> incarnations = recovered.Incarnations;
        foreach ((int node, ulong incarnation) in votes)
        {
            incarnations = recovered.IsMember(node) ? incarnations.SetItem(node, incarnation) : incarnations;
        }

        Core.BecomeLeader(recovered with { Incarnations = incarnations.SetItem(Core.Node, Core.Incarnation) }, alone: participants.Count == 0);
    }

    private Configuration Everyone(Configuration latest)
    {
        Configuration left = ConfigurationChange.Leave(latest);
        return left with { Voters = left.Voters.Add(Core.Node), Learners = left.Learners.Remove(Core.Node) };
    }

    /// <summary>Those who voted are the voters. The silent ones become learners without an incarnation: when they come back, they are taken in like new ones.</summary>
    private Configuration Remains(Configuration latest)
    {
        ImmutableSortedSet<int> voters = [Core.Node, .. votes.Keys];
        ImmutableSortedSet<int> silent = latest.Voters.Union(latest.OutgoingVoters).Except(voters);
        return latest with
        {
            Voters = voters,
            OutgoingVoters = [],
            LearnersNext = [],
            Learners = latest.Learners.Union(latest.LearnersNext).Union(silent).Except(voters),
            Incarnations = latest.Incarnations.SetItems(silent.Select(node => KeyValuePair.Create(node, 0UL))),
        };
    }
}
