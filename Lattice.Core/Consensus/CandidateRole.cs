namespace Lattice.Core.Consensus;

/// <summary>How a campaign is run.</summary>
internal enum CampaignKind
{
    /// <summary>Asks first, in no new term, so that a replica that cannot win disturbs nobody (dissertation, 9.6).</summary>
    PreElection,

    /// <summary>Asks for votes.</summary>
    Election,

    /// <summary>Asks for votes on the leader's own behalf: its lease does not stand in the way.</summary>
    Transfer,
}

/// <summary>
/// Campaigns among the voters of the configuration in effect, or, when the group is not founded yet, among the founding peers. Only
/// answers of configured incarnations count; of founders, only those of founders.
/// </summary>
internal sealed class CandidateRole : Role
{
    private readonly CampaignKind kind;
    private readonly bool founding;
    private readonly Configuration configuration;
    private readonly QuorumTracker quorum;
    private readonly SortedDictionary<int, (ulong Incarnation, bool Granted)> answers = [];
    private readonly Func<int, bool?> voteOf;
    private bool heardOfCluster;
    private int retryAt = int.MaxValue;

    public CandidateRole(RaftCore core, CampaignKind kind)
        : base(core)
    {
        this.kind = kind;
        founding = core.IsFounding;
        heardOfCluster = core.HeardOfCluster;
        configuration = core.Configuration;
        quorum = founding ? new QuorumTracker(core.Options.FoundingPeers, []) : QuorumTracker.Of(configuration);
        voteOf = node => answers.TryGetValue(node, out (ulong Incarnation, bool Granted) answer) ? answer.Granted : null;
    }

    public override RaftRole Kind => kind == CampaignKind.PreElection ? RaftRole.PreCandidate : RaftRole.Candidate;

    public void Begin()
    {
        answers[Core.Node] = (Core.Incarnation, true);
        if (!Decide())
        {
            Ask();
        }
    }

    public override void Tick()
    {
        if (++Core.ElectionElapsed >= retryAt && Core.CanCampaign)
        {
            Core.BecomeCandidate(CampaignKind.PreElection);
            return;
        }

        if (Core.ElectionElapsed < Core.ElectionTimeout)
        {
            // Requests get lost, and those who still trusted the old leader said nothing: ask again before giving up.
            if (Core.ElectionElapsed % Math.Max(1, Core.Options.ElectionTicks / 3) == 0)
            {
                Ask();
            }

            return;
        }

        if (kind == CampaignKind.PreElection && founding && !heardOfCluster && Core.Search.MayFoundWithoutAll && quorum.Count(voteOf) == VoteResult.Won)
        {
            // A peer stayed silent all the time. Those who answered are a majority, and none of them knows of a cluster.
            Core.BecomeCandidate(CampaignKind.Election);
            return;
        }

        Core.Search.OnElectionTimeout();
    }

    public override void Step(Message message)
    {
        MessageKind expected = kind == CampaignKind.PreElection ? MessageKind.PreVoteReply : MessageKind.VoteReply;
        if (message.Kind != expected || message.Context != Core.Incarnation)
        {
            return;
        }

        if (founding && !message.Founding)
        {
            // There is a cluster already: this node was wiped, or comes late. Founding a second one would split it.
            Core.HeardOfCluster = true;
            Core.BecomeFollower(Core.Term, 0);
            Core.Search.AskToJoin();
            return;
        }

        if (!founding)
        {
            Core.LearnCommit(message);
            if (!configuration.Accepts(message.From, message.FromIncarnation))
            {
                return;
            }
        }

        heardOfCluster |= message.HintIndex == Voting.HeardOfCluster;

        answers[message.From] = (message.FromIncarnation, !message.Reject);
        if (!Decide() && message.Reject && kind != CampaignKind.PreElection && !founding)
        {
            TakeTurn();
        }
    }

    public override void OnConfiguration()
    {
        // Votes were asked under a configuration that is no longer in effect; the next campaign counts under the new one.
        Core.BecomeFollower(Core.Term, 0);
    }

    private bool Decide()
    {
        switch (quorum.Count(voteOf))
        {
            case VoteResult.Lost:
                Core.BecomeFollower(Core.Term, 0);
                return true;
            case VoteResult.Won when founding && !AllAnswered && (heardOfCluster || kind == CampaignKind.PreElection):
                // One that has not answered may belong to a cluster: wait for it, for many timeouts or, when a cluster was heard of, for ever.
                return false;
            case VoteResult.Won when kind == CampaignKind.PreElection:
                Core.BecomeCandidate(CampaignKind.Election);
                return true;
            case VoteResult.Won:
                Core.BecomeLeader(founding ? Founded() : null, alone: answers.Count == 1);
                return true;
            default:
                return false;
        }
    }

    /// <summary>
    /// A voter gave its vote of this term to another candidate. If that one wins, it is heard within a round trip; if the votes are shared, nobody
    /// does, and whoever is still missing may be the reason for the election: it is not worth an election timeout to wait for it.
    /// </summary>
    private void TakeTurn() => retryAt = Math.Min(retryAt, Core.ElectionElapsed + ElectionTurns.AfterSharedVotes(Core.Term, quorum.Everyone, Core.Node, Core.Options.ElectionTicks));

    private bool AllAnswered => answers.Count >= Core.Options.FoundingPeers.Count;

    private Configuration Founded() => new()
    {
        ClusterId = Core.Options.FoundingClusterId,
        Voters = [.. Core.Options.FoundingPeers],
        Incarnations = Configuration.Empty.Incarnations.AddRange(Core.Options.FoundingPeers.Select(node =>
            KeyValuePair.Create(node, answers.TryGetValue(node, out (ulong Incarnation, bool Granted) answer) && answer.Granted ? answer.Incarnation : 0))),
    };

    private void Ask()
    {
        LogPosition last = Core.Log.Last;
        LogPosition committed = Core.Log.Committed;
        foreach (int node in quorum.Everyone)
        {
            if (answers.ContainsKey(node))
            {
                continue;
            }

            var request = new Message
            {
                Kind = kind == CampaignKind.PreElection ? MessageKind.PreVote : MessageKind.Vote,
                From = Core.Node,
                FromIncarnation = Core.Incarnation,
                To = node,
                Term = kind == CampaignKind.PreElection ? Core.Term + 1 : Core.Term,
                Index = last.Index,
                LogTerm = last.Term,
                Founding = founding,
                Transfer = kind == CampaignKind.Transfer,
                HintIndex = founding ? 0 : configuration.IncarnationOf(node),
                Commit = founding ? 0 : committed.Index,
                HintTerm = founding ? Core.FoundingKey : committed.Term,
            };
            if (kind == CampaignKind.PreElection)
            {
                Core.Outbox.Send(request);
            }
            else
            {
                // After the candidate's own vote is durable: else it could forget it, vote for another one, and the term have two leaders.
                Core.Outbox.SendAfterPersist(request);
            }
        }
    }
}
