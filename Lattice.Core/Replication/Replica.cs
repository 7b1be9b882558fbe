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
    private readonly IReplicaOwner owner;
    private readonly ClientRequests requests;
    private readonly MembershipKeeper membership;
    private readonly LeadershipKeeper leadership;
    private readonly LeaderRoom room;
    private readonly ReplicaJournal journal;
    private readonly ReplicaPost post;
    private readonly SnapshotInstallation installation;
    private readonly ReplicaTrace trace;
    private readonly WriteTimings.Group? timings;
    private readonly ulong incarnation;
    private readonly TimeProvider time;
    private readonly TickClock clock;

    private ulong reported;
    private bool fenced;
    private volatile bool closed;
    private int scheduled;
    private int knownLeader;
    private RaftRole knownRole;
    private ReplicaStatus status;
    private ulong durableIndex;

    public Replica(ReplicaParts parts, ReplicaSettings settings, TimeProvider time, IReplicaTransport transport, IReplicaOwner owner)
    {
        (Group, Node, incarnation) = (parts.Group, parts.Node, parts.Incarnation);
        (raft, log, state) = (parts.Raft, parts.Log, parts.State);
        this.time = time;
        this.owner = owner;
        timings = parts.Timings;
        clock = new TickClock(settings, time);
        inbox = new ReplicaInbox(settings);
        trace = new ReplicaTrace(parts.Trace, parts.Group);
        room = new LeaderRoom(settings, owner);
        membership = new MembershipKeeper(owner);
        leadership = new LeadershipKeeper(parts.Group, settings, owner, room);
        post = new ReplicaPost(parts, settings, time, transport, room, trace);
        journal = new ReplicaJournal(parts, time, owner, Persisted, post.SendPersisted);
        requests = new ClientRequests(parts, settings, time, owner, inbox, room, trace, Figures);
        applier = new EntryApplier(parts, settings, owner, time, trace, Figures, post.SendOutsideRaft, entry => requests.Applied(entry, applier!.Times));
        installation = new SnapshotInstallation(parts, settings, owner, applier, journal, trace, post.SendOutsideRaft, SnapshotInstalled);
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
    public long WakeAt => applier.MayServe ? requests.Deadline : long.MaxValue;

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
        if (closed)
        {
            completed(Outcome.Failed(OutcomeKind.ShuttingDown));
        }
        else if (inbox.TryPutWrite(batch, completed, caller))
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
        if (closed)
        {
            completed(Outcome.Failed(OutcomeKind.ShuttingDown));
        }
        else if (inbox.TryPutQuery(batch, linearizable, completed))
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
    public void LogFlushed()
    {
        if (journal.WaitsForDisk)
        {
            Schedule();
        }
    }

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
            journal.Release();
            requests.Serve(applier);
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
        requests.SendElsewhere();
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
    public void Compact(ulong upTo) => journal.Compact(Math.Min(upTo, state.Applied.Index));

    /// <summary>Hands leadership to a voter, unless it said that it has no room for writes. In the loop.</summary>
    public void TransferLeadership(int to)
    {
        if (!room.IsFull(to))
        {
            raft.TransferLeadership(to);
        }
    }

    /// <summary>Answers everything that waits; what comes later is answered at once. In the loop.</summary>
    public void Shutdown()
    {
        closed = true;
        requests.Stop();
        journal.Close();
    }

    /// <summary>Answers requests that came while it was shut down, when there is no loop any more.</summary>
    public void RefuseTheLast()
    {
        while (inbox.TryTake(out ReplicaInput input))
        {
            if (input.Completed is not null)
            {
                requests.Take(input, applier);
            }
        }
    }

    public void Dispose()
    {
        post.Dispose();
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
        for (long ticks = clock.TakeDue(); ticks > 0; ticks--)
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
            default:
                requests.Take(input, applier);
                break;
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

        requests.Tick();
        if (raft.Role == RaftRole.Leader && !requests.IsStopped)
        {
            room.Tick(raft);
            MembershipKeeper.Tick(raft);
            leadership.Tick(raft);
            requests.ExpireRecords();
        }

        post.Tick();
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
                post.Acknowledge(message);
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
            requests.Answer(applier);
        }
    }

    private void Persisted(LogPosition upTo, long appendedAt)
    {
        raft.Persisted(upTo);
        timings?.Appended(time.GetElapsedTime(appendedAt));
        requests.Durable(upTo);
    }

    private void Execute(Ready ready)
    {
        if (ready.Entries.Count > 0 && raft.Role == RaftRole.Leader)
        {
            trace.Appends(ready.Entries);
        }

        journal.Persist(ready);
        post.Send(ready.Messages, applier);
        if (ready.Committed.Count > 0)
        {
            if (ready.Entries.Count > 0)
            {
                // The followers write new entries while this replica applies what is committed. Anything else goes with what follows from that.
                post.Flush();
            }

            requests.Committed(ready.Committed);
            applier.Apply(ready.Committed);
            AfterApplying();
        }

        for (int i = 0; i < ready.Reads.Count; i++)
        {
            requests.Confirm(ready.Reads[i]);
        }

        requests.Answer(applier);
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

    /// <summary>Tells the node what the state has come to.</summary>
    private void AfterApplying()
    {
        if (state.Applied.Index != reported)
        {
            reported = state.Applied.Index;
            owner.StateChanged(this);
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
        trace.Fenced(state.Applied);
        requests.Stop();
        post.EndStreams();
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
        requests.LeadershipLost();
        post.EndStreams();
        applier.Exchange?.LeadershipLost();
    }

    private void SnapshotInstalled(LogPosition position)
    {
        owner.SnapshotInstalled(this, position);
        AfterApplying();
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
        WaitingWrites = requests.WaitingWrites,
        DroppedMessages = inbox.DroppedMessages,
    };
}
