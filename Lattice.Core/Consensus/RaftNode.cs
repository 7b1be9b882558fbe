using Lattice.Core.Verification;

namespace Lattice.Core.Consensus;

/// <summary>
/// One replica's part in Raft. It does no I/O and has no clock: messages, ticks, proposals and reports of its caller change its memory, and
/// <see cref="TakeReady"/> says what to persist, send and apply. Not thread-safe: one loop owns it. A thrown
/// <see cref="InvariantViolationException"/> means that the replica must not go on.
/// </summary>
/// <remarks>The algorithm is that of Ongaro's dissertation, "Consensus: Bridging Theory and Practice" (2014); chapters are named where they apply.</remarks>
public sealed class RaftNode
{
    private readonly RaftCore core;
    private readonly MessageGate gate;
    private HardState saved;

    /// <summary>Begins or resumes a replica.</summary>
    /// <param name="options">How it takes part.</param>
    /// <param name="log">Its log; everything in it is durable.</param>
    /// <param name="hard">What was saved last.</param>
    /// <param name="configuration">The members as of <paramref name="applied"/>.</param>
    /// <param name="applied">Last entry whose effect the state holds.</param>
    public RaftNode(RaftOptions options, IRaftLogStorage log, HardState hard, Configuration configuration, ulong applied)
    {
        core = new RaftCore(options, log, hard, configuration, applied);
        gate = new MessageGate(core);
        saved = hard;
    }

    /// <summary>Node id.</summary>
    public int Node => core.Node;

    /// <summary>Role at present.</summary>
    public RaftRole Role => core.Role.Kind;

    /// <summary>Leader as far as known; 0: none.</summary>
    public int Leader => core.Leader;

    /// <summary>Latest term seen.</summary>
    public ulong Term => core.Term;

    /// <summary>Whom this replica voted for in <see cref="Term"/>; 0: nobody.</summary>
    public int Vote => core.Vote;

    /// <summary>Highest index known to be committed.</summary>
    public ulong Commit => core.Log.Commit;

    /// <summary>Last index reported as applied.</summary>
    public ulong AppliedIndex => core.Log.Applied;

    /// <summary>Last index that is durable here.</summary>
    public ulong PersistedIndex => core.Log.Persisted;

    /// <summary>Last index of the log, durable or not.</summary>
    public ulong LastIndex => core.Log.LastIndex;

    /// <summary>Last entry of the log, durable or not.</summary>
    public LogPosition LastPosition => core.Log.Last;

    /// <summary>The members in effect.</summary>
    public Configuration Configuration => core.Configuration;

    /// <summary>Node to which leadership is being handed; 0: none.</summary>
    public int TransferTarget => core.Role is LeaderRole leader ? leader.Transfer.Target : 0;

    /// <summary>How far the other members are; empty unless this replica leads.</summary>
    public IReadOnlyList<PeerProgress> Progress => core.Role is LeaderRole leader ? leader.Replicator.Describe() : [];

    /// <summary>Campaigns that this replica began, for measurements.</summary>
    public long Campaigns => core.Campaigns;

    /// <summary>Campaigns that ended without its leading.</summary>
    public long FailedCampaigns => core.Campaigns - core.WonCampaigns - (core.Role is CandidateRole or RecoveryCandidateRole ? 1 : 0);

    /// <summary>What other nodes say about a recovery that this replica considers; empty when it does not.</summary>
    public IReadOnlyList<RecoveryAnswer> RecoveryAnswers => core.Recovery.Answers;

    /// <summary>
    /// Whether this replica is the most advanced of all and could lead, but a majority of the voters holds nothing any more and may have acknowledged what is lost.
    /// Then <see cref="ForceRecovery"/> is left to the operator.
    /// </summary>
    public bool RecoveryNeedsDecision => core.Recovery.NeedsDecision;

    /// <summary>Whether <see cref="TakeReady"/> has something to do.</summary>
    public bool HasReady => core.Log.HasUnsaved || core.Log.HasCommitted || !core.Outbox.IsEmpty || core.Role.HasWork || Hard != saved;

    /// <summary>What watches this replica; only for its loop.</summary>
    internal InvariantMonitor Monitor => core.Monitor;

    private HardState Hard => new(core.Term, core.Vote, core.Log.Commit);

    /// <summary>
    /// Takes everything that is pending. The caller always executes it, and hands <see cref="Ready.Entries"/> and
    /// <see cref="Ready.HardState"/> to storage, in one atomic append, before it calls anything else here.
    /// </summary>
    public Ready TakeReady()
    {
        core.Role.Flush();
        core.Monitor.Stands(core.Term, core.Log.Commit, core.Log.Applied);
        IReadOnlyList<Entry> committed = core.Log.TakeCommitted(core.Options.MaxCommittedBytes);
        if (core.Role is LeaderRole leader)
        {
            leader.Proposals.OnHandedOut(committed);
        }

        HardState hard = Hard;
        IReadOnlyList<Entry> entries = core.Log.TakeUnsaved();
        var ready = new Ready
        {
            HardState = hard == saved ? null : hard,
            MustSync = entries.Count > 0 || hard.Term != saved.Term || hard.Vote != saved.Vote,
            Entries = entries,
            Messages = core.Outbox.TakeMessages(),
            MessagesAfterPersist = core.Outbox.TakeAfterPersist(),
            Committed = committed,
            Reads = core.Outbox.TakeReads(),
            JoinRequests = core.Outbox.TakeJoins(),
        };
        saved = hard;
        return ready;
    }

    /// <summary>A tick of the caller's clock.</summary>
    public void Tick() => core.Tick();

    /// <summary>Takes a message of another replica. Snapshot chunks are the caller's.</summary>
    /// <exception cref="InvariantViolationException">The message shows that the group's history has forked.</exception>
    public void Step(Message message)
    {
        ArgumentNullException.ThrowIfNull(message);
        gate.Step(message);
    }

    /// <summary>Proposes a command.</summary>
    /// <param name="data">Its payload, never changed afterwards.</param>
    /// <param name="position">Where it stands in the log when it was accepted.</param>
    public ProposalStatus Propose(ReadOnlyMemory<byte> data, out LogPosition position)
    {
        position = default;
        return core.Role is LeaderRole { IsEstablished: true } leader ? leader.Proposals.Propose(data, out position) : ProposalStatus.NotLeader;
    }

    /// <summary>Proposes a change of the members, see <see cref="ConfigurationChange"/>.</summary>
    /// <param name="change">What shall change.</param>
    /// <param name="position">Where it stands in the log when it was accepted.</param>
    public ProposalStatus ProposeConfiguration(ConfigurationChange change, out LogPosition position)
    {
        ArgumentNullException.ThrowIfNull(change);
        position = default;
        return core.Role is LeaderRole { IsEstablished: true } leader ? leader.Proposals.Propose(change, out position) : ProposalStatus.NotLeader;
    }

    /// <summary>Asks for a read index; the answer comes in <see cref="Ready.Reads"/>, sooner or later in every case.</summary>
    /// <param name="context">Number that the answer repeats; unique among the reads that wait.</param>
    public void ReadIndex(ulong context) => core.Role.ReadIndex(context);

    /// <summary>Hands leadership to a voter; nothing happens unless this replica leads. See <see cref="TransferTarget"/>.</summary>
    public void TransferLeadership(int node)
    {
        if (core.Role is LeaderRole leader)
        {
            leader.Transfer.Begin(node);
        }
    }

    /// <summary>Campaigns now, when this replica may.</summary>
    public void Campaign()
    {
        // With leases this replica's own promise to the leader counts as much as the others'.
        if (core.Role is not LeaderRole && core.CanCampaign && !(core.Options.LeaseReads && core.InLease))
        {
            core.BecomeCandidate(CampaignKind.PreElection);
        }
    }

    /// <summary>The log is durable up to an entry that was handed to storage; ignored when that entry has been replaced since.</summary>
    public void Persisted(LogPosition upTo)
    {
        if (core.Log.Persist(upTo))
        {
            core.Role.OnPersisted();
        }
    }

    /// <summary>The state holds the effect of everything up to an index that was handed out.</summary>
    public void Applied(ulong index) => core.Log.ApplyTo(index);

    /// <summary>Puts a configuration entry into effect; called when the caller applies it, before <see cref="Applied"/>.</summary>
    /// <returns>The configuration, to be kept with the state.</returns>
    public Configuration ApplyConfiguration(Entry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        Configuration configuration = ConfigurationCodec.Decode(entry.Data.Span);
        core.ApplyConfiguration(entry.Index, configuration);
        return configuration;
    }

    /// <summary>
    /// Whether a snapshot that ends at <paramref name="position"/>, sent by the present leader, would bring this replica forward. When the log holds that
    /// entry already, it must stay, for entries after it may have been acknowledged; then the leader is told how far this log agrees with its own. The
    /// caller asks before it installs anything, and drops the stream on false.
    /// </summary>
    public bool WantsSnapshot(LogPosition position) => core.WantsSnapshot(position);

    /// <summary>The caller installed a streamed snapshot and began its log anew after it.</summary>
    /// <exception cref="InvariantViolationException">The snapshot ends before what is committed here.</exception>
    public void SnapshotInstalled(SnapshotMetadata snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        core.InstallSnapshot(snapshot);
    }

    /// <summary>The snapshot stream to a member has ended.</summary>
    public void ReportSnapshot(int node, bool success)
    {
        if (core.Role is LeaderRole leader)
        {
            leader.Replicator.Find(node)?.SnapshotEnded(success);
        }
    }

    /// <summary>What was sent to a node may be lost: the leader sends one message at a time until it answers.</summary>
    public void ReportUnreachable(int node)
    {
        if (core.Role is LeaderRole leader)
        {
            leader.Replicator.Find(node)?.Pause();
        }
    }

    /// <summary>
    /// The transport says that a node is down. When it is the leader, this replica campaigns early, when it is its turn among the
    /// voters, so that not all do at once. With leases the leader may still answer reads, so its lease is waited for.
    /// </summary>
    public void ReportPeerDown(int node)
    {
        core.NoteGone(node);
        (core.Role as LeaderRole)?.OnPeerDown(node);
        if (core.Leader == node && core.Role is FollowerRole && !core.Options.LeaseReads)
        {
            core.ForgetLeader();
            core.ElectionElapsed = 0;
            core.ElectionTimeout = Math.Min(core.ElectionTimeout, ElectionTurns.AfterLossOf(node, core.Configuration.Voters, core.Node, core.Options.ElectionTicks));
        }
    }

    /// <summary>
    /// The operator decides that the group goes on with this replica and those that answer within an election timeout, although others stay
    /// silent. What only the silent ones hold is lost. Does nothing when there is a leader, or a node answers that holds more. See <see cref="RecoveryAnswers"/>.
    /// </summary>
    public void ForceRecovery() => core.Recovery.Force();
}
