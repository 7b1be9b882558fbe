namespace Lattice.Core.Consensus;

/// <summary>What a node says about a recovery.</summary>
public enum RecoveryAnswerKind : byte
{
    /// <summary>It has not answered.</summary>
    Silent = 0,

    /// <summary>It agrees.</summary>
    Agrees = 1,

    /// <summary>It follows or is a leader: there is nothing to recover.</summary>
    HasLeader = 2,

    /// <summary>Its log is more advanced: it should lead.</summary>
    MoreAdvanced = 3,

    /// <summary>It was removed from the group.</summary>
    Removed = 4,

    /// <summary>It gave its vote in that term to another node.</summary>
    Voted = 5,
}

/// <summary>What one node said about a recovery, for <c>status</c>.</summary>
/// <param name="Node">Node id.</param>
/// <param name="Incarnation">Incarnation that answered; 0 while silent.</param>
/// <param name="Kind">The answer.</param>
/// <param name="Last">Where its log ends.</param>
public readonly record struct RecoveryAnswer(int Node, ulong Incarnation, RecoveryAnswerKind Kind, LogPosition Last);

/// <summary>
/// Finds out whether a group without a leader can be recovered: after a complete loss the members run under new incarnations, so no
/// configured majority exists. When every configured voter and every peer of the configuration file agrees, the most advanced log
/// wins, and nothing can be lost that any of them still has. One that stays silent may hold more, and a majority that holds nothing any more may have held more, so they block, unless the operator decides to go on without them.
/// Asking changes nothing anywhere; the vote follows in <see cref="RecoveryCandidateRole"/>.
/// </summary>
internal sealed class RecoveryRound(RaftCore core)
{
    // What was heard longer ago than this says nothing about the nodes of today.
    private const int RecentTimeouts = 8;

    private readonly SortedDictionary<int, RecoveryAnswer> answers = [];
    private readonly Dictionary<int, ulong> terms = [];
    private ulong round = core.Nonce;
    private bool asking;
    private bool forced;
    private int windowTicks;
    private long soughtTick = -1;

    /// <summary>Everybody agreed in the latest round, but a majority of the voters holds nothing any more: the operator has to say whether to go on with what is left.</summary>
    public bool NeedsDecision { get; private set; }

    /// <summary>What the nodes asked last have said; empty when no recovery is considered.</summary>
    public IReadOnlyList<RecoveryAnswer> Answers => [.. answers.Values];

    /// <summary>Election timeouts passed in a row without a leader.</summary>
    public void OnLeaderlessTimeout()
    {
        // An intact member recovers nothing while the voters are intact too: an election will do. A learner may turn out to hold the most.
        bool needed = core.PassiveKind == RaftRole.Recovering || IsRecent(core.StrangerTick) || IsRecent(soughtTick);
        if (forced || (needed && core.Configurations.Latest.IsMember(core.Node)))
        {
            Ask();
        }
    }

    /// <summary>Another node considers a recovery, but this one holds more: so it has to lead it.</summary>
    public void Seek() => soughtTick = core.Ticks;

    /// <summary>The operator wants the group to go on with those who answer within an election timeout, this replica first.</summary>
    public void Force()
    {
        if (core.Role is LeaderRole || core.Configurations.Latest.IsEmpty)
        {
            return;
        }

        forced = true;
        Ask();
    }

    public void Tick()
    {
        if (!forced || !asking || --windowTicks > 0)
        {
            return;
        }

        asking = false;
        foreach (RecoveryAnswer answer in answers.Values)
        {
            if (answer.Kind is RecoveryAnswerKind.HasLeader or RecoveryAnswerKind.MoreAdvanced)
            {
                // There is a leader, or a node within reach that holds more: forcing this one would lose entries for nothing.
                forced = false;
                return;
            }
        }

        Campaign();
    }

    public void OnAnswer(Message message)
    {
        if (!asking || message.Context != round || !answers.ContainsKey(message.From))
        {
            return;
        }

        var last = new LogPosition(message.Index, message.LogTerm);
        answers[message.From] = new RecoveryAnswer(message.From, message.FromIncarnation, (RecoveryAnswerKind)message.HintIndex, last);
        terms[message.From] = message.HintTerm;
        if (!forced)
        {
            CampaignIfAllAgree();
        }
    }

    /// <summary>There is a leader.</summary>
    public void Cancel()
    {
        asking = false;
        forced = false;
        NeedsDecision = false;
        answers.Clear();
        terms.Clear();
    }

    private bool IsRecent(long tick) => tick >= 0 && core.Ticks - tick <= RecentTimeouts * core.Options.ElectionTicks;

    private void Ask()
    {
        if (core.PassiveKind == RaftRole.Removed)
        {
            return;
        }

        asking = true;
        NeedsDecision = false;
        windowTicks = core.Options.ElectionTicks;
        round++;
        answers.Clear();
        terms.Clear();
        LogPosition last = core.Log.Last;
        foreach (int node in core.Search.KnownNodes())
        {
            if (core.Configurations.Latest.Removed.Contains(node))
            {
                continue;
            }

            answers[node] = new RecoveryAnswer(node, 0, RecoveryAnswerKind.Silent, default);
            core.Outbox.Send(new Message
            {
                Kind = MessageKind.RecoveryVote,
                From = core.Node,
                FromIncarnation = core.Incarnation,
                To = node,
                Index = last.Index,
                LogTerm = last.Term,
                Context = round,
            });
        }

        if (!forced)
        {
            CampaignIfAllAgree();
        }
    }

    private void CampaignIfAllAgree()
    {
        foreach (RecoveryAnswer answer in answers.Values)
        {
            // A removed node has no say.
            bool hasNoSay = answer.Kind == RecoveryAnswerKind.Removed && !core.Configurations.Latest.IsVoter(answer.Node);
            if (answer.Kind != RecoveryAnswerKind.Agrees && !hasNoSay)
            {
                return;
            }
        }

        NeedsDecision = HasLostAMajority();
        if (!NeedsDecision)
        {
            Campaign();
        }
    }

    /// <summary>
    /// Voters that hold nothing any more may have acknowledged together what nobody else has, if they are a majority of the configuration in effect here or
    /// of the one after it, which may have come into effect elsewhere. Whether that is given up is the operator's to say.
    /// </summary>
    private bool HasLostAMajority() => HasLostAMajority(core.Configuration) || HasLostAMajority(core.Configurations.Latest);

    private bool HasLostAMajority(Configuration configuration) =>
        QuorumTracker.Of(configuration).Count(node => answers.TryGetValue(node, out RecoveryAnswer answer) && answer.Last.Index == 0) == VoteResult.Won;

    private void Campaign()
    {
        asking = false;
        ulong term = core.Term;
        foreach (ulong other in terms.Values)
        {
            term = Math.Max(term, other);
        }

        Configuration latest = core.Configurations.Latest;
        var participants = new SortedSet<int>();
        foreach (RecoveryAnswer answer in answers.Values)
        {
            if (answer.Kind == RecoveryAnswerKind.Agrees && latest.IsVoter(answer.Node))
            {
                participants.Add(answer.Node);
            }
        }

        core.BecomeRecoveryCandidate(term + 1, participants, forced);
    }
}
