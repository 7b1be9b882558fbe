using System.Diagnostics;
using Lattice.Core.Consensus;
using Lattice.Core.Log;
using Lattice.Core.State;
using Lattice.Core.Telemetry;
using Lattice.Core.Verification;

namespace Lattice.Core.Replication;

/// <summary>
/// One group on one node: Raft, its log and its state machine, moved on by one loop. Anybody may hand something in;
/// only <see cref="Run"/> touches what is inside, never from two threads at once. Has no threads and no clock of its
/// own, so the simulator drives exactly what production runs.
/// </summary>
internal sealed class Replica : IDisposable
{
    // One call of Run ends after so many inputs or rounds, so that the groups of one worker take turns.
    private const int MaxInputsPerRun = 2048;
    private const int MaxRoundsPerRun = 64;

    private readonly ReplicaInbox inbox;
    private readonly RaftNode raft;
    private readonly GroupLog log;
    private readonly StateMachine state;
    private readonly EntryApplier applier;
    private readonly IStateEngine engine;
    private readonly IReplicaTransport transport;
    private readonly IReplicaOwner owner;
    private readonly ReplicaSettings settings;
    private readonly WriteQueue writes;
    private readonly QueryQueue queries;
    private readonly MembershipKeeper membership;
    private readonly LeadershipKeeper leadership;
    private readonly LeaderRoom room;
    private readonly DurabilityQueue durability;
    private readonly SnapshotStreams snapshots;
    private readonly SnapshotInstallation installation;
    private readonly ReplicaTrace trace;
    private readonly WriteTimings.Group? timings;
    private readonly ulong incarnation;
    private readonly TimeProvider time;
    private readonly long tickInterval;
    private long lastTick;
    private HardState? unsavedHardState;

    private ulong reported;
    private bool fenced;
    private int scheduled;
    private int knownLeader;
    private RaftRole knownRole;
    private bool stopping;
    private ReplicaStatus status;
    private ulong durableIndex;

    public Replica(ReplicaParts parts, ReplicaSettings settings, TimeProvider time, IReplicaTransport transport, IReplicaOwner owner)
    {
        (Group, Node, incarnation) = (parts.Group, parts.Node, parts.Incarnation);
        (raft, log, state, engine) = (parts.Raft, parts.Log, parts.State, parts.Engine);
        this.settings = settings;
        this.time = time;
        tickInterval = Math.Max(1, (long)(settings.TickInterval.TotalSeconds * time.TimestampFrequency));
        lastTick = time.GetTimestamp();
        this.transport = transport;
        this.owner = owner;
        inbox = new ReplicaInbox(settings);
        timings = parts.Timings;
        writes = new WriteQueue(settings, inbox, time, timings);
        queries = new QueryQueue(settings, inbox);
        membership = new MembershipKeeper(owner);
        room = new LeaderRoom(settings, owner);
        leadership = new LeadershipKeeper(parts.Group, settings, owner, room);
        trace = new ReplicaTrace(parts.Trace, parts.Group);
        applier = new EntryApplier(parts, settings, owner, time, trace, Figures, SendOutsideRaft, entry => writes.Applied(entry, raft.Leader, applier!.Times));
        durability = new DurabilityQueue(parts.Wal, time, Persisted, Send);

        // Stream numbers must not repeat across restarts of this node, or a receiver would take chunks of two snapshots for one.
        ulong firstStream = (ulong)time.GetUtcNow().ToUnixTimeMilliseconds() << 16;
        snapshots = new SnapshotStreams(settings, firstStream, SendOutsideRaft, StreamEnded);
        installation = new SnapshotInstallation(parts, settings, owner, applier, durability, trace, SendOutsideRaft, SnapshotInstalled);
        trace.Opened(raft);
        status = Picture();
        durableIndex = state.Applied.Index;
    }

    /// <summary>Group; 0 is the system group.</summary>
    public uint Group { get; }

    /// <summary>Id of the node.</summary>
    public int Node { get; }

    /// <summary>How the replica stands, as of the end of its last run. Any thread.</summary>
    public ReplicaStatus Status => Volatile.Read(ref status);

    /// <summary>What the replica counts. Any thread.</summary>
    public ReplicaFigures Figures { get; } = new();

    /// <summary>Writes that are not answered yet. Any thread.</summary>
    public int PendingWrites => inbox.PendingWrites;

    /// <summary>Writes turned away since the start. Any thread.</summary>
    public long RefusedWrites => inbox.RefusedWrites + Figures.Refused;

    /// <summary>When <see cref="Run"/> has to be called again at the latest, as a timestamp of the time provider.</summary>
    public long WakeAt => applier.MayServe ? writes.Deadline : long.MaxValue;

    /// <summary>Last entry whose effect is known to survive a crash without the log. Any thread; grows.</summary>
    public ulong DurableIndex
    {
        get => Volatile.Read(ref durableIndex);
        set => Volatile.Write(ref durableIndex, value);
    }

    /// <summary>The state machine; only for what runs in this replica's loop.</summary>
    internal StateMachine State => state;

    /// <summary>Faults that an operator injects; only for what runs in this replica's loop.</summary>
    internal Drills Drills => applier.Drills;

    /// <summary>What the replica says of its state to somebody who compares replicas. In the loop.</summary>
    public DigestSample Sample(ulong index) => DigestSample.Take(Node, incarnation, Picture(), applier.Exchange?.Digests, index);

    /// <summary>Raft; only for what runs in this replica's loop.</summary>
    internal RaftNode Raft => raft;

    /// <summary>A message from a peer. Any thread.</summary>
    public void Receive(Message message)
    {
        if (inbox.TryPutMessage(message))
        {
            Schedule();
        }
    }

    /// <summary>A write batch; <paramref name="completed"/> is called once, from the loop or at once, and must not block. Any thread.</summary>
    public void Write(ReadOnlyMemory<byte> batch, Action<Outcome> completed, Activity? caller = null)
    {
        if (inbox.TryPutWrite(batch, completed, caller))
        {
            Schedule();
        }
        else
        {
            completed(Outcome.Failed(OutcomeKind.Overloaded, Status.Leader));
        }
    }

    /// <summary>A query batch; <paramref name="completed"/> as for <see cref="Write"/>. Any thread.</summary>
    public void Query(ReadOnlyMemory<byte> batch, bool linearizable, Action<Outcome> completed)
    {
        if (inbox.TryPutQuery(batch, linearizable, completed))
        {
            Schedule();
        }
        else
        {
            completed(Outcome.Failed(OutcomeKind.Overloaded, Status.Leader));
        }
    }

    /// <summary>Has the loop look at the clock, which is due every <see cref="ReplicaSettings.TickInterval"/>. Any thread.</summary>
    public void Tick() => Schedule();

    /// <summary>The log has been flushed. Any thread.</summary>
    public void LogFlushed() => Schedule();

    /// <summary>Has the loop do something. Any thread.</summary>
    public void Do(Action<Replica> command)
    {
        inbox.PutCommand(command);
        Schedule();
    }

    /// <summary>Does what there is to do.</summary>
    public void Run()
    {
        Volatile.Write(ref scheduled, 0);
        if (fenced)
        {
            RefuseInputs();
            return;
        }

        try
        {
            RunRounds();
            if (!installation.IsUnfinished)
            {
                raft.Monitor.StateStands(state.Applied, state.ClockMs);
            }
        }
        catch (StateDivergenceException e)
        {
            Fence(e.Divergence);
        }
        catch (InvariantViolationException e)
        {
            trace.Violated(e);
            Fence(new Divergence { Kind = DivergenceKind.Invariant, Phase = DivergencePhase.Exchange, Group = Group, Message = e.Message, Entry = state.Applied, Rule = e.Rule.ToString(), Facts = [e.Seen, e.Known] });
        }
    }

    private void RunRounds()
    {
        bool more = TakeInputs();
        if (installation.IsUnfinished)
        {
            KeepStill(more);
            return;
        }

        for (int round = 0; ; round++)
        {
            durability.Release();
            ServeRequests();
            trace.Stands(raft);
            if (!raft.HasReady)
            {
                break;
            }

            if (round == MaxRoundsPerRun)
            {
                more = true;
                break;
            }

            Execute(raft.TakeReady());
        }

        Figures.Stands(raft);
        Volatile.Write(ref status, Picture());
        ReportLeader();
        if (more)
        {
            Schedule();
        }
    }

    /// <summary>While the state is ahead of the log: callers look elsewhere, and what the replica shows of itself is how it was before.</summary>
    private void KeepStill(bool more)
    {
        writes.LeadershipLost(raft.Leader);
        queries.RefuseAll(OutcomeKind.NotLeader);
        if (more)
        {
            Schedule();
        }
    }

    /// <summary>The group's log. In the loop.</summary>
    internal GroupLog Log => log;

    /// <summary>Whether a snapshot has become the state that cannot be made durable at present. In the loop.</summary>
    internal bool KeepsStill => installation.IsUnfinished;

    /// <summary>An entry of the log; null: it is not there. In the loop.</summary>
    public Entry? ReadEntry(ulong index) => index >= log.FirstIndex && index <= log.LastIndex ? log.Entries(index, index + 1, int.MaxValue)[0] : null;

    /// <summary>Digest of the state after an entry; null: it has not come there, or has left it behind. In the loop.</summary>
    public UInt128? DigestAt(ulong index) =>
        applier.Exchange is { } exchange && exchange.Digests.TryGet(index, out _, out UInt128 digest) ? digest
        : index > 0 && index == state.Applied.Index ? state.Digest : null;

    /// <summary>Drops log entries up to an index that the state has made durable. In the loop.</summary>
    public void Compact(ulong upTo)
    {
        upTo = Math.Min(upTo, state.Applied.Index);
        if (upTo >= log.FirstIndex)
        {
            log.Compact(upTo);
            owner.LogAppended();
        }
    }

    /// <summary>Hands leadership to a voter, unless it said that it has no room for writes. In the loop.</summary>
    public void TransferLeadership(int to)
    {
        if (!room.IsFull(to))
        {
            raft.TransferLeadership(to);
        }
    }

    /// <summary>Answers everything that waits and takes nothing more. In the loop.</summary>
    public void Shutdown()
    {
        stopping = true;
        writes.LeadershipLost(0);
        queries.RefuseAll(OutcomeKind.ShuttingDown);
        if (unsavedHardState is { } hard)
        {
            log.Append([], hard);
            unsavedHardState = null;
            owner.LogAppended();
        }
    }

    public void Dispose()
    {
        snapshots.Dispose();
        installation.Dispose();
    }

    private void Schedule()
    {
        if (Interlocked.Exchange(ref scheduled, 1) == 0)
        {
            owner.Schedule(this);
        }
    }

    private bool TakeInputs()
    {
        for (long ticks = TakeTicks(); ticks > 0; ticks--)
        {
            OnTick();
        }

        int taken = 0;
        while (taken++ < MaxInputsPerRun)
        {
            if (!inbox.TryTake(out ReplicaInput input))
            {
                return false;
            }

            Take(input);
        }

        return true;
    }

    /// <summary>
    /// Ticks by the clock, not by how often somebody called: a process that was stopped, or starved, learns here that its time has passed before it
    /// answers anything. A leader's lease rests on that. More than an election timeout makes no difference.
    /// </summary>
    private long TakeTicks()
    {
        long ticks = (time.GetTimestamp() - lastTick) / tickInterval;
        lastTick += ticks * tickInterval;
        return Math.Min(ticks, 2 * settings.ElectionTicks);
    }

    private void Take(ReplicaInput input)
    {
        switch (input.Kind)
        {
            case ReplicaInputKind.Message:
                OnMessage(input.Message!);
                trace.Stands(raft);
                break;
            case ReplicaInputKind.Command:
                input.Command!(this);
                break;
            case ReplicaInputKind.Write when stopping:
                inbox.WriteDone(input.Payload.Length);
                input.Completed!(Outcome.Failed(OutcomeKind.ShuttingDown));
                break;
            case ReplicaInputKind.Write:
                writes.Add(input.Payload, input.Completed!, input.Caller);
                break;
            case ReplicaInputKind.Query when stopping:
            case ReplicaInputKind.LocalQuery when stopping:
                inbox.QueryDone();
                input.Completed!(Outcome.Failed(OutcomeKind.ShuttingDown));
                break;
            case ReplicaInputKind.Query:
                queries.Add(input.Payload, input.Completed!);
                break;
            case ReplicaInputKind.LocalQuery:
                inbox.QueryDone();
                input.Completed!(applier.MayAnswerStale
                    ? new Outcome(OutcomeKind.Done, state.Query(input.Payload), raft.Leader)
                    : Outcome.Failed(OutcomeKind.Diverged, raft.Leader));
                break;
            default:
                throw new InvalidOperationException($"A replica's inbox held an input of unknown kind {input.Kind}.");
        }
    }

    private void OnTick()
    {
        if (installation.IsUnfinished)
        {
            installation.Tick();
            return;
        }

        raft.Tick();
        Figures.Ticked(raft);
        trace.Stands(raft);
        applier.Exchange?.Tick(raft.Configuration);
        if (applier.Exchange?.TakeUndecided() is { } undecided)
        {
            owner.Undecided(undecided);
        }

        applier.ApplyHeld();
        AfterApplying();

        queries.Tick(raft.Leader);
        if (raft.Role == RaftRole.Leader && !stopping)
        {
            room.Tick(raft);
            MembershipKeeper.Tick(raft);
            leadership.Tick(raft);
            ExpireRecords();
        }

        snapshots.Tick();
    }

    private void OnMessage(Message message)
    {
        if (installation.IsUnfinished)
        {
            // As if it had been lost on the way: what it says is sent again.
            return;
        }

        trace.Receives(message);
        switch (message.Kind)
        {
            case MessageKind.SnapshotChunk:
                installation.Take(message);
                break;
            case MessageKind.SnapshotChunkReply:
                snapshots.Acknowledge(message);
                break;
            case MessageKind.Digest:
                TakeDigest(message);
                break;
            case MessageKind.HeartbeatReply:
                room.Hear(message);
                raft.Step(message);
                break;
            case MessageKind.Join:
                applier.Exchange?.Joins(message.From, message.FromIncarnation, raft.Configuration);
                raft.Step(message);
                break;
            default:
                raft.Step(message);
                break;
        }
    }

    private void TakeDigest(Message message)
    {
        if (applier.Exchange is { } exchange)
        {
            exchange.Take(message, raft.Configuration);
            applier.ApplyHeld();
            AfterApplying();
            AnswerQueries();
        }
    }

    private void ServeRequests()
    {
        if (!applier.MayServe)
        {
            if (applier.Exchange!.State == VerificationState.NoMajority)
            {
                writes.RefuseWaiting(OutcomeKind.Diverged, raft.Leader);
                queries.RefuseAll(OutcomeKind.Diverged);
            }

            return;
        }

        if (raft.Role != RaftRole.Leader)
        {
            Refuses(writes.WaitingCount, RefusalCause.NotLeader);
            writes.RefuseWaiting(OutcomeKind.NotLeader, raft.Leader);
        }
        else if (room.IsMissing(raft))
        {
            // While another replica takes over, callers are to look for it and not to give up.
            bool isLeaving = raft.TransferTarget != 0;
            Refuses(writes.WaitingCount, isLeaving ? RefusalCause.NotLeader : RefusalCause.DiskFull);
            writes.RefuseWaiting(isLeaving ? OutcomeKind.NotLeader : OutcomeKind.DiskFull, raft.Leader);
        }
        else
        {
            Refuses(writes.Propose(raft, state.ClockMs, owner.Level), RefusalCause.Overloaded);
        }

        queries.Ask(raft);
    }

    private void Refuses(int count, RefusalCause cause)
    {
        trace.Refuses(count, cause);
        Figures.WritesRefused(count);
    }

    private void Persisted(LogPosition upTo, long appendedAt)
    {
        raft.Persisted(upTo);
        timings?.Appended(time.GetElapsedTime(appendedAt));
        writes.Durable(upTo);
    }

    private void Execute(Ready ready)
    {
        if (ready.HardState is { } hard)
        {
            unsavedHardState = hard;
        }

        if (ready.Entries.Count > 0 && raft.Role == RaftRole.Leader)
        {
            trace.Appends(ready.Entries);
        }

        Persist(ready);
        SendOrStream(ready.Messages);
        if (ready.Committed.Count > 0)
        {
            writes.Committed(ready.Committed);
            applier.Apply(ready.Committed);
            AfterApplying();
        }

        for (int i = 0; i < ready.Reads.Count; i++)
        {
            queries.Confirm(ready.Reads[i], raft.Leader);
        }

        AnswerQueries();
        for (int i = 0; i < ready.JoinRequests.Count; i++)
        {
            membership.Join(raft, ready.JoinRequests[i]);
        }

        if (raft.Role != RaftRole.Leader && knownRole == RaftRole.Leader)
        {
            StepDown();
        }

        knownRole = raft.Role;
    }

    private void Persist(Ready ready)
    {
        if (ready.Entries.Count > 0 || ready.MustSync)
        {
            long sequence = log.Append(ready.Entries, unsavedHardState);
            unsavedHardState = null;
            LogPosition last = ready.Entries.Count > 0 ? new LogPosition(ready.Entries[^1].Index, ready.Entries[^1].Term) : default;
            durability.Add(sequence, last, ready.MessagesAfterPersist);
            owner.LogAppended();
        }
        else if (ready.MessagesAfterPersist.Count > 0)
        {
            durability.Add(ready.MessagesAfterPersist);
        }
    }

    /// <summary>Tells the node what the state has come to.</summary>
    private void AfterApplying()
    {
        if (state.Applied.Index != reported)
        {
            reported = state.Applied.Index;
            owner.StateChanged(this);
        }
    }

    private void AnswerQueries()
    {
        if (applier.MayServe)
        {
            queries.Answer(state, raft.Leader);
        }
    }

    /// <summary>The state, or what led to it, is wrong: nothing of it is served, persisted or sent from here on.</summary>
    private void Fence(Divergence divergence)
    {
        if (state.Pending is { } pending)
        {
            divergence = divergence with { Uncommitted = [.. pending.Effects.Where(e => e.After.Exists).Select(e => new DivergentRecord(e.Key, e.After.Row, null, IsExpectedKnown: false))] };
        }

        fenced = true;
        stopping = true;
        trace.Fenced(state.Applied);
        writes.LeadershipLost(0);
        queries.RefuseAll(OutcomeKind.ShuttingDown);
        snapshots.EndSending();
        RefuseInputs();
        Volatile.Write(ref status, Picture());
        owner.Diverged(this, divergence);
    }

    private void RefuseInputs()
    {
        while (inbox.TryTake(out ReplicaInput input))
        {
            // What the node itself asks is answered still: it has to stop in order, and to say how this replica stands.
            if (input.Kind is ReplicaInputKind.Write or ReplicaInputKind.Query or ReplicaInputKind.LocalQuery or ReplicaInputKind.Command)
            {
                TakeFenced(input);
            }
        }
    }

    private void TakeFenced(ReplicaInput input)
    {
        try
        {
            Take(input);
        }
        catch (Exception e) when (e is StateDivergenceException or InvariantViolationException)
        {
            // More that is wrong, beside what the replica has fenced itself for: that is what the node stops for, and explains.
            trace.Fenced(state.Applied);
        }
    }

    private void StepDown()
    {
        room.LeadershipLost();
        writes.LeadershipLost(raft.Leader);
        snapshots.EndSending();
        applier.Exchange?.LeadershipLost();
    }

    /// <summary>Records expire when the clock of the state moves; an idle group's leader has to move it.</summary>
    private void ExpireRecords()
    {
        ulong now = writes.Stamp(state.ClockMs);
        if (state.NextExpiryMs is { } next && next <= now && writes.WaitingCount == 0 && raft.AppliedIndex == raft.Commit)
        {
            raft.Propose(EntryPayload.Encode(now, [], owner.Level), out _);
        }
    }

    private void SendOrStream(IReadOnlyList<Message> messages)
    {
        for (int i = 0; i < messages.Count; i++)
        {
            if (messages[i].Kind != MessageKind.Snapshot)
            {
                trace.Sends(messages[i]);
                transport.Send(Group, room.Mark(messages[i]));
            }
            else if (!applier.MayServe)
            {
                // A state that nobody has confirmed must not spread. Raft asks for the snapshot again.
                applier.Exchange?.NeedsSnapshot(messages[i].To);
                raft.ReportSnapshot(messages[i].To, success: false);
            }
            else if (snapshots.Begin(messages[i].To, state))
            {
                trace.Streams(messages[i].To, state.Applied.Index);
            }
        }
    }

    private void SendOutsideRaft(Message message)
    {
        trace.Sends(message);
        transport.Send(Group, message with { From = Node, FromIncarnation = incarnation, Term = raft.Term });
    }

    private void StreamEnded(int to, bool delivered)
    {
        trace.Streamed(to, delivered);
        raft.ReportSnapshot(to, delivered);
    }

    private void SnapshotInstalled(LogPosition position)
    {
        owner.SnapshotInstalled(this, position);
        AfterApplying();
    }

    private void Send(IReadOnlyList<Message> messages)
    {
        for (int i = 0; i < messages.Count; i++)
        {
            trace.Sends(messages[i]);
            transport.Send(Group, messages[i]);
        }
    }

    private void ReportLeader()
    {
        if (raft.Leader != knownLeader)
        {
            knownLeader = raft.Leader;
            if (knownLeader != 0)
            {
                Figures.LeaderChanged();
            }

            owner.LeaderChanged(this, knownLeader, raft.Term);
        }
    }

    private ReplicaStatus Picture() => new()
    {
        Group = Group,
        Role = raft.Role,
        Term = raft.Term,
        Leader = raft.Leader,
        Commit = raft.Commit,
        Applied = state.Applied,
        FirstIndex = log.FirstIndex,
        LastIndex = log.LastIndex,
        LastTerm = raft.LastPosition.Term,
        LogBytes = log.Bytes,
        Configuration = raft.Configuration,
        Digest = state.Digest,
        AgreedIndex = applier.Exchange?.AgreedIndex ?? 0,
        Serves = !fenced && applier.MayServe,
        Verification = fenced ? VerificationState.Diverged : applier.Exchange?.State ?? VerificationState.Off,
        WaitingWrites = writes.WaitingCount,
        DroppedMessages = inbox.DroppedMessages,
    };
}
