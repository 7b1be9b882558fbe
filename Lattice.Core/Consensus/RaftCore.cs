using Lattice.Core.Verification;

namespace Lattice.Core.Consensus;

/// <summary>
/// What all roles of a replica share: log, configurations, term, vote and election clock, and the transitions between roles. Its
/// only user is <see cref="RaftNode"/>, from one thread.
/// </summary>
internal sealed class RaftCore
{
    private const int ScanBytes = 1 << 20;

    private readonly HashSet<int> gone = [];
    private bool toldRemoved;

    public RaftCore(RaftOptions options, IRaftLogStorage storage, HardState hard, Configuration configuration, ulong applied)
    {
        RaftOptions.Validate(options);
        Options = options;
        Log = new RaftLog(storage, hard.Commit, applied);
        Configurations = new ConfigurationHistory(configuration);
        FindConfigurations(storage, applied);
        Term = Math.Max(hard.Term, Log.Last.Term);
        Monitor = new InvariantMonitor(options.Node, Term, applied);
        Vote = Term == hard.Term ? hard.Vote : 0;
        FoundingKey = FoundingKeyOf(options.FoundingPeers);
        Nonce = (ulong)options.Random.NextInt64(1, long.MaxValue);
        Voting = new Voting(this);
        Recovery = new RecoveryRound(this);
        Search = new LeaderSearch(this);
        Role = new FollowerRole(this);
        ResetElectionTimer();
    }

    public RaftOptions Options { get; }

    public RaftLog Log { get; }

    public ConfigurationHistory Configurations { get; }

    public InvariantMonitor Monitor { get; }

    public Outbox Outbox { get; } = new();

    public Voting Voting { get; }

    public RecoveryRound Recovery { get; }

    public LeaderSearch Search { get; }

    public Role Role { get; private set; }

    public int Node => Options.Node;

    public ulong Incarnation => Options.Incarnation;

    public Configuration Configuration => Configurations.Effective;

    public ulong Term { get; private set; }

    /// <summary>Whom this replica voted for in <see cref="Term"/>; 0: nobody.</summary>
    public int Vote { get; private set; }

    /// <summary>Leader as far as known; 0: none.</summary>
    public int Leader { get; private set; }

    public long Ticks { get; private set; }

    /// <summary>Campaigns begun.</summary>
    public long Campaigns { get; private set; }

    /// <summary>Campaigns won.</summary>
    public long WonCampaigns { get; private set; }

    /// <summary>Ticks since the leader was last heard, a vote was given, or a campaign began.</summary>
    public int ElectionElapsed { get; set; }

    public int ElectionTimeout { get; set; }

    /// <summary>Names the set of founding peers: nodes with different ones must not found together, since their majorities need not meet.</summary>
    public ulong FoundingKey { get; }

    /// <summary>Tells this life of the replica from earlier ones.</summary>
    public ulong Nonce { get; }

    /// <summary>Tick at which a configured voter was last heard under another incarnation than the configured one; negative: never.</summary>
    public long StrangerTick { get; private set; } = -1;

    /// <summary>
    /// Whether somebody who belongs to a cluster was heard. Then this replica takes part in founding another one only if every founding peer
    /// answers that it belongs to none: what was heard of has gone.
    /// </summary>
    public bool HeardOfCluster { get; set; }

    /// <summary>Whether this replica never belonged to a cluster and may found one.</summary>
    public bool IsFounding => Options.FoundingPeers.Count > 0 && !BelongsToCluster;

    /// <summary>Whether this replica holds something of a cluster, be it only an entry that is not committed.</summary>
    public bool BelongsToCluster => Log.LastIndex > 0 || !Configurations.Latest.IsEmpty;

    /// <summary>Whether this incarnation is a voter of the configuration in effect.</summary>
    public bool IsAcceptedVoter => Configuration.IsVoter(Node) && Configuration.Accepts(Node, Incarnation);

    /// <summary>Whether this replica may try to become leader.</summary>
    public bool CanCampaign => !toldRemoved && (Search.MayFoundNow || (IsAcceptedVoter && !Configurations.HasCommittedPending(Log.Commit)));

    /// <summary>
    /// Whether a leader was heard so lately that no vote is given: what makes a replica that returns from a partition harmless, and what a leader's
    /// lease rests on. With leases a replica that just started keeps the promises that its former life may have made.
    /// </summary>
    public bool InLease => Role is LeaderRole || (Leader != 0 && ElectionElapsed < Options.ElectionTicks) || (Options.LeaseReads && Ticks < Options.ElectionTicks);

    /// <summary>The role while it neither campaigns nor leads.</summary>
    public RaftRole PassiveKind
    {
        get
        {
            if (toldRemoved || (Configuration.Removed.Contains(Node) && !Configuration.IsMember(Node)))
            {
                return RaftRole.Removed;
            }

            if (IsFounding && !HeardOfCluster)
            {
                return RaftRole.Follower;
            }

            if (!Configuration.Accepts(Node, Incarnation))
            {
                return RaftRole.Recovering;
            }

            return Configuration.IsVoter(Node) ? RaftRole.Follower : RaftRole.Learner;
        }
    }

    public void Tick()
    {
        Ticks++;
        Role.Tick();
        Recovery.Tick();
    }

    public void ResetElectionTimer()
    {
        ElectionElapsed = 0;
        ElectionTimeout = Options.ElectionTicks + Options.Random.Next(Options.ElectionTicks);
    }

    /// <summary>Enters a term, or stays in it.</summary>
    public void EnterTerm(ulong term)
    {
        Monitor.Enters(term);
        if (term > Term)
        {
            Term = term;
            Vote = 0;
        }
    }

    public void VoteFor(int node)
    {
        Monitor.Votes(Vote, node);
        Vote = node;
    }

    public void BecomeFollower(ulong term, int leader)
    {
        EnterTerm(term);
        Switch(new FollowerRole(this), 0);
        ResetElectionTimer();
        if (leader != 0)
        {
            HearLeader(leader);
        }
    }

    /// <summary>Campaigns: first asks whether it could win, unless the leader itself handed over.</summary>
    public void BecomeCandidate(CampaignKind kind)
    {
        if (kind != CampaignKind.PreElection)
        {
            EnterTerm(Term + 1);
            VoteFor(Node);
        }

        if (kind != CampaignKind.Election)
        {
            // Asking for votes goes on with what asking for a prospect of them began.
            Campaigns++;
        }

        var candidate = new CandidateRole(this, kind);
        Switch(candidate, 0);
        ResetElectionTimer();
        candidate.Begin();
    }

    public void BecomeRecoveryCandidate(ulong term, IReadOnlyCollection<int> participants, bool forced)
    {
        EnterTerm(term);
        VoteFor(Node);
        Campaigns++;
        var candidate = new RecoveryCandidateRole(this, participants, forced);
        Switch(candidate, 0);
        ResetElectionTimer();
        candidate.Begin();
    }

    /// <summary>Leads the present term.</summary>
    /// <param name="first">A configuration that founds or recovers the group; null for an ordinary election.</param>
    /// <param name="alone">Whether nobody else voted: then nothing proves yet that this replica's own vote is durable.</param>
    public void BecomeLeader(Configuration? first, bool alone)
    {
        if (first is not null)
        {
            Monitor.BeginsAnew();
        }

        Monitor.Leads(Log.Last);
        WonCampaigns++;
        var leader = new LeaderRole(this, holdUntilPersisted: alone);
        Switch(leader, leader.IsEstablished ? Node : 0);
        Search.Ended();
        Recovery.Cancel();
        leader.Begin(first);
    }

    /// <summary>The vote that made this replica leader is durable.</summary>
    public void EstablishLeader() => SetLeader(Node);

    /// <summary>A message of the present term's leader came.</summary>
    public void HearLeader(int leader)
    {
        if (Role is not FollowerRole)
        {
            Switch(new FollowerRole(this), 0);
            ResetElectionTimer();
        }

        ElectionElapsed = 0;
        Search.Ended();
        toldRemoved = false;
        HeardOfCluster = true;
        Recovery.Cancel();
        if (Leader != leader)
        {
            Monitor.Follows(leader, Log.Committed);
            SetLeader(leader);
        }
    }

    /// <summary>The leader is gone as far as this replica can tell; it votes for another one now.</summary>
    public void ForgetLeader() => SetLeader(0);

    /// <summary>The leader says that this node was removed.</summary>
    public void HearRemoved()
    {
        toldRemoved = true;
        HeardOfCluster = true;
        if (Role is not FollowerRole)
        {
            BecomeFollower(Term, 0);
        }
    }

    /// <summary>The transport says that a node's process is gone.</summary>
    public void NoteGone(int node) => gone.Add(node);

    /// <summary>Whether a node's process is known to be gone, and nothing came from the node since.</summary>
    public bool IsGone(int node) => gone.Contains(node);

    /// <summary>Notes who speaks, and when it is a configured voter under another incarnation.</summary>
    public void NoteSender(Message message)
    {
        gone.Remove(message.From);
        if (Configuration.IsVoter(message.From) && Configuration.IncarnationOf(message.From) != message.FromIncarnation)
        {
            StrangerTick = Ticks;
        }
    }

    /// <summary>
    /// Somebody knows that an entry is committed, and when this log holds the same one, so does this replica. Candidates and voters tell each
    /// other: otherwise one could wait for votes of members that the group has left behind without its knowing.
    /// </summary>
    public void LearnCommit(Message told)
    {
        var position = new LogPosition(told.Commit, told.HintTerm);
        if (Configuration.Accepts(told.From, told.FromIncarnation))
        {
            Monitor.IsTold(position, told.From);
        }

        LearnCommit(position);
    }

    /// <summary>An entry is committed, and when this log holds the same one, so it is here.</summary>
    private void LearnCommit(LogPosition position)
    {
        if (position.Index > Log.Commit && Log.Contains(position))
        {
            Log.CommitTo(position.Index);
        }
    }

    /// <summary>Appends an entry of this leader.</summary>
    public Entry AppendOwn(EntryKind kind, ReadOnlyMemory<byte> data)
    {
        var entry = new Entry(Log.LastIndex + 1, Term, kind, data);
        Log.Append(entry);
        NoteConfiguration(entry);
        return entry;
    }

    /// <summary>Makes a leader's entries part of the log, which holds the entry before them.</summary>
    public void Merge(IReadOnlyList<Entry> entries, int leader)
    {
        int start = Log.FirstNew(entries);
        Log.Compare(entries, start, leader);
        if (start == entries.Count)
        {
            return;
        }

        ulong from = entries[start].Index;
        bool truncates = from <= Log.LastIndex;
        Log.Replace(entries, start, leader);
        if (truncates && Configurations.TruncatedFrom(from))
        {
            Role.OnConfiguration();
        }

        for (int i = start; i < entries.Count; i++)
        {
            NoteConfiguration(entries[i]);
        }
    }

    /// <summary>The configuration of entry <paramref name="index"/> is applied.</summary>
    public void ApplyConfiguration(ulong index, Configuration configuration)
    {
        Configurations.Apply(index, configuration);
        Role.OnConfiguration();
    }

    /// <summary>Whether a snapshot would bring this replica forward; if not, the leader learns how far the logs agree.</summary>
    public bool WantsSnapshot(LogPosition position)
    {
        if (position.Index > Log.Commit && !Log.Contains(position))
        {
            return true;
        }

        // What a snapshot holds is committed.
        LearnCommit(position);
        AcknowledgeCommitted();
        return false;
    }

    /// <summary>A snapshot is installed, and the log begins anew after it.</summary>
    public void InstallSnapshot(SnapshotMetadata snapshot)
    {
        Log.Restore(snapshot.Position);
        Monitor.Installed(snapshot.Position);
        ApplyConfiguration(snapshot.Position.Index, snapshot.Configuration);
        AcknowledgeCommitted();
    }

    private static ulong FoundingKeyOf(IReadOnlyList<int> peers)
    {
        // FNV-1a over the ids in ascending order.
        ulong key = 14695981039346656037;
        foreach (int peer in peers.Order())
        {
            key = (key ^ (uint)peer) * 1099511628211;
        }

        return key;
    }

    private void NoteConfiguration(Entry entry)
    {
        if (entry.Kind == EntryKind.Configuration && Configurations.Appended(entry))
        {
            // Only what founds or recovers a group takes effect at once.
            Monitor.BeginsAnew();
            Role.OnConfiguration();
        }
    }

    private void AcknowledgeCommitted()
    {
        if (Leader != 0 && Role is FollowerRole)
        {
            LogPosition committed = Log.Committed;
            Outbox.SendAfterPersist(new Message
            {
                Kind = MessageKind.AppendReply,
                From = Node,
                FromIncarnation = Incarnation,
                To = Leader,
                Term = Term,
                Index = committed.Index,
                LogTerm = committed.Term,
            });
        }
    }

    private void FindConfigurations(IRaftLogStorage storage, ulong applied)
    {
        ulong next = Math.Max(applied + 1, storage.FirstIndex);
        while (next <= storage.LastIndex)
        {
            IReadOnlyList<Entry> entries = storage.Entries(next, storage.LastIndex + 1, ScanBytes);
            foreach (Entry entry in entries)
            {
                if (entry.Kind == EntryKind.Configuration)
                {
                    Configurations.Appended(entry);
                }
            }

            next = entries[^1].Index + 1;
        }
    }

    private void Switch(Role role, int leader)
    {
        Role before = Role;
        Role = role;
        SetLeader(leader);
        before.Leave();
    }

    private void SetLeader(int leader)
    {
        if (Leader != leader)
        {
            Leader = leader;
            if (Role is FollowerRole follower)
            {
                follower.OnLeaderChanged();
            }
        }
    }
}
