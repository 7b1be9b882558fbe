namespace Lattice.Core.Consensus;

/// <summary>
/// A leader's replication: what each member has, what is sent to it, and what a majority therefore holds. Everything is sent when a
/// <see cref="Ready"/> is taken, so that all that was proposed since the last one shares an append.
/// </summary>
internal sealed class Replicator
{
    /// <summary>Context of an append that only tells the commit index and wants no answer.</summary>
    public const ulong CommitNotice = 1;

    private readonly RaftCore core;
    private readonly SortedDictionary<int, Progress> members = [];

    // The same in an array, which is walked for every Ready.
    private Progress[] sendOrder = [];
    private readonly Func<int, ulong> matchOf;
    private readonly Func<int, ulong> contactOf;
    private QuorumTracker quorum = new([], []);
    private bool held;
    private bool dirty;

    /// <summary>Begins to replicate in a new term.</summary>
    /// <param name="core">The replica.</param>
    /// <param name="hold">
    /// Sends nothing before the first own entry is durable. When no other vote proves that this replica's vote is durable, a crash
    /// could have it lead the same term twice, with different entries under the same index and term.
    /// </param>
    public Replicator(RaftCore core, bool hold)
    {
        this.core = core;
        held = hold;
        matchOf = node => node == core.Node ? OwnMatch() : Match(node);
        contactOf = node => node == core.Node ? (ulong)core.Ticks : (ulong)Math.Max(0, members.TryGetValue(node, out Progress? member) ? member.ContactTick : 0);
    }

    /// <summary>Whether <see cref="Flush"/> may have something to send.</summary>
    public bool HasWork => dirty && !held;

    /// <summary>Whether nothing may leave this replica yet.</summary>
    public bool IsHeld => held;

    public QuorumTracker Quorum => quorum;

    /// <summary>Whether a majority was heard within an election timeout.</summary>
    public bool HasQuorumContact => (ulong)core.Ticks < quorum.Agreed(contactOf) + (ulong)core.Options.ElectionTicks;

    /// <summary>Takes over the members of the configuration in effect.</summary>
    public void Reconfigure()
    {
        Configuration configuration = core.Configuration;
        quorum = QuorumTracker.Of(configuration);
        var wanted = new SortedSet<int>(configuration.Voters);
        wanted.UnionWith(configuration.OutgoingVoters);
        wanted.UnionWith(configuration.Learners);
        wanted.Remove(core.Node);
        foreach (int node in members.Keys.Where(node => !wanted.Contains(node)).ToArray())
        {
            members.Remove(node);
        }

        foreach (int node in wanted)
        {
            var member = new Member(node, configuration.IncarnationOf(node));
            bool isVoter = configuration.IsVoter(node);
            if (members.TryGetValue(node, out Progress? known) && known.Member == member)
            {
                known.IsVoter = isVoter;
                continue;
            }

            // A new incarnation holds nothing of what the old one acknowledged.
            var inflights = new Inflights(core.Options.MaxInflightAppends, core.Options.MaxInflightBytes);
            members[node] = new Progress(member, isVoter, Math.Max(core.Log.LastIndex, 1), core.Ticks, inflights) { MustAsk = true };
        }

        sendOrder = [.. members.Values];
        dirty = true;
    }

    /// <summary>The member that sent the message, when its incarnation is the configured one; it counts as heard.</summary>
    public Progress? Hear(Message message)
    {
        if (members.TryGetValue(message.From, out Progress? member) && member.Member.Incarnation != 0 && member.Member.Incarnation == message.FromIncarnation)
        {
            member.ContactTick = core.Ticks;
            return member;
        }

        return null;
    }

    public Progress? Find(int node) => members.GetValueOrDefault(node);

    /// <summary>The log has grown, or the commit index moved.</summary>
    public void Touch() => dirty = true;

    /// <summary>Takes an <see cref="MessageKind.AppendReply"/>.</summary>
    public void OnAppendReply(Progress member, Message message)
    {
        RaftLog log = core.Log;
        if (message.Reject)
        {
            ulong hint = message.HintTerm == 0 ? message.HintIndex : log.LastNotBeyond(message.HintIndex, message.HintTerm).Index;
            dirty |= member.Reject(message.Index, hint);
            return;
        }

        if (message.Index > log.LastIndex || (log.TryTerm(message.Index, out ulong term) && term != message.LogTerm))
        {
            // What it acknowledges is not in this log: it is of another history, and its acknowledgement is worth nothing here.
            return;
        }

        dirty = true;
        bool news = member.Acknowledge(message.Index);
        switch (member.State)
        {
            case ProgressState.Probe when news || message.Index == member.Match:
            case ProgressState.Snapshot when member.Match + 1 >= log.FirstIndex:
                member.BecomeReplicate();
                break;
            default:
                break;
        }
    }

    /// <summary>The member is alive; perhaps something sent to it was lost.</summary>
    public void OnHeartbeatReply(Progress member)
    {
        member.Resume(core.Log.LastIndex);
        dirty |= member.MustAsk || member.CanSend;
    }

    /// <summary>More of the own log is durable.</summary>
    public void OnPersisted(ulong firstOwn)
    {
        if (held && core.Log.Persisted >= firstOwn)
        {
            held = false;
            dirty = true;
        }
    }

    /// <summary>
    /// Commits what a majority holds, when it ends in an entry of the own term. Older entries are committed with it, never by counting: until then
    /// another leader could still replace them (Raft paper, 5.4.2 and figure 8).
    /// </summary>
    public bool Commit()
    {
        ulong agreed = quorum.Agreed(matchOf);
        if (agreed <= core.Log.Commit || core.Log.Term(agreed) != core.Term)
        {
            return false;
        }

        core.Log.CommitTo(agreed);
        dirty = true;
        return true;
    }

    public void Flush()
    {
        if (!HasWork)
        {
            return;
        }

        dirty = false;
        foreach (Progress member in sendOrder)
        {
            SendTo(member);
        }
    }

    /// <summary>Tells every member that this replica leads.</summary>
    /// <param name="round">Round that the replies name.</param>
    /// <param name="canWait">Whether they go with what else the node says with this tick: nobody waits for the replies.</param>
    public void SendHeartbeats(ulong round, bool canWait)
    {
        if (held)
        {
            return;
        }

        foreach (Progress member in sendOrder)
        {
            if (member.Member.Incarnation == 0)
            {
                continue;
            }

            ulong commit = Math.Min(member.Match, core.Log.Commit);
            member.SentCommit = Math.Max(member.SentCommit, commit);
            core.Outbox.Send(new Message
            {
                Kind = MessageKind.Heartbeat,
                From = core.Node,
                FromIncarnation = core.Incarnation,
                To = member.Member.Node,
                Term = core.Term,
                Commit = commit,
                Context = round,
                HintIndex = (ulong)core.Ticks,

                // Should the receiver run under another one, it has to ask to be taken in.
                HintTerm = member.Member.Incarnation,
                CanWait = canWait,
            });
        }
    }

    /// <summary>The voter that would lose least by leading now; null when none has the whole log.</summary>
    public Progress? CaughtUpVoter()
    {
        Progress? best = null;
        foreach (Progress member in sendOrder)
        {
            if (core.Configuration.Voters.Contains(member.Member.Node) && member.Match == core.Log.LastIndex && (best is null || member.ContactTick > best.ContactTick))
            {
                best = member;
            }
        }

        return best;
    }

    public IReadOnlyList<PeerProgress> Describe()
    {
        var all = new List<PeerProgress>(sendOrder.Length);
        foreach (Progress member in sendOrder)
        {
            all.Add(new PeerProgress(
                member.Member.Node,
                member.Member.Incarnation,
                member.IsVoter,
                member.State,
                member.Match,
                member.Next,
                IsRecentlyActive(member),
                member.InflightCount));
        }

        return all;
    }

    private bool IsRecentlyActive(Progress member) => !core.IsGone(member.Member.Node) && core.Ticks - member.ContactTick < core.Options.ElectionTicks;

    private ulong OwnMatch() => core.IsAcceptedVoter ? core.Log.Persisted : 0;

    private ulong Match(int node) => members.TryGetValue(node, out Progress? member) ? member.Match : 0;

    private void SendTo(Progress member)
    {
        if (member.Member.Incarnation == 0)
        {
            // Not taken in yet. What it would acknowledge could not count, and it may be about to be wiped.
            return;
        }

        bool sent = false;
        while (member.CanSend && (member.MustAsk || member.Next <= core.Log.LastIndex))
        {
            if (!TrySendAppend(member))
            {
                return;
            }

            sent = true;
        }

        if (!sent && member.State == ProgressState.Replicate)
        {
            TellCommit(member);
        }
    }

    private bool TrySendAppend(Progress member)
    {
        RaftLog log = core.Log;
        ulong previous = member.Next - 1;
        if (member.Next < log.FirstIndex || !log.TryTerm(previous, out ulong term))
        {
            return BeginSnapshot(member);
        }

        IReadOnlyList<Entry> entries = log.Read(member.Next, core.Options.MaxEntriesPerAppend, core.Options.MaxBytesPerAppend);
        int bytes = 0;
        for (int i = 0; i < entries.Count; i++)
        {
            bytes += entries[i].Size;
        }

        member.Sent(entries.Count, bytes);
        member.SentCommit = Math.Max(member.SentCommit, Math.Min(log.Commit, previous + (ulong)entries.Count));
        core.Outbox.Send(new Message
        {
            Kind = MessageKind.Append,
            From = core.Node,
            FromIncarnation = core.Incarnation,
            To = member.Member.Node,
            Term = core.Term,
            Index = previous,
            LogTerm = term,
            Commit = log.Commit,
            Entries = entries,
        });
        return true;
    }

    private bool BeginSnapshot(Progress member)
    {
        if (IsRecentlyActive(member))
        {
            member.BecomeSnapshot(core.Log.Applied);
            core.Outbox.Send(new Message
            {
                Kind = MessageKind.Snapshot,
                From = core.Node,
                FromIncarnation = core.Incarnation,
                To = member.Member.Node,
                Term = core.Term,
                Index = core.Log.Applied,
            });
        }

        return false;
    }

    private void TellCommit(Progress member)
    {
        ulong commit = Math.Min(core.Log.Commit, member.Match);
        if (commit <= member.SentCommit || !core.Log.TryTerm(member.Match, out ulong term))
        {
            return;
        }

        member.SentCommit = commit;
        core.Outbox.Send(new Message
        {
            Kind = MessageKind.Append,
            From = core.Node,
            FromIncarnation = core.Incarnation,
            To = member.Member.Node,
            Term = core.Term,
            Index = member.Match,
            LogTerm = term,
            Commit = commit,
            Context = CommitNotice,
            CanWait = true,
        });
    }
}
