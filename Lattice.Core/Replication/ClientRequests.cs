using Lattice.Core.Consensus;
using Lattice.Core.State;
using Lattice.Core.Telemetry;
using Lattice.Core.Verification;

namespace Lattice.Core.Replication;

/// <summary>
/// The writes and queries of a replica, from its inbox to their answers: whether they are served at present, proposed or asked of the leader, or what their callers are told
/// instead. Used by the replica's loop.
/// </summary>
internal sealed class ClientRequests
{
    private readonly RaftNode raft;
    private readonly StateMachine state;
    private readonly IReplicaOwner owner;
    private readonly ReplicaInbox inbox;
    private readonly WriteQueue writes;
    private readonly QueryQueue queries;
    private readonly LeaderRoom room;
    private readonly ReplicaTrace trace;
    private readonly ReplicaFigures figures;

    public ClientRequests(ReplicaParts parts, ReplicaSettings settings, TimeProvider time, IReplicaOwner owner, ReplicaInbox inbox, LeaderRoom room, ReplicaTrace trace, ReplicaFigures figures)
    {
        (raft, state) = (parts.Raft, parts.State);
        this.owner = owner;
        this.inbox = inbox;
        this.room = room;
        this.trace = trace;
        this.figures = figures;
        writes = new WriteQueue(settings, inbox, time, parts.Timings);
        queries = new QueryQueue(settings, inbox);
    }

    /// <summary>Writes that wait for an entry.</summary>
    public int WaitingWrites => writes.WaitingCount;

    /// <summary>When the oldest waiting write must wait no longer, as a timestamp of the time provider; the largest value when none waits.</summary>
    public long Deadline => writes.Deadline;

    /// <summary>Whether nothing more is taken.</summary>
    public bool IsStopped { get; private set; }

    /// <summary>Takes a write or a query from the inbox.</summary>
    public void Take(ReplicaInput input, EntryApplier applier)
    {
        switch (input.Kind)
        {
            case ReplicaInputKind.Write when IsStopped:
                inbox.WriteDone(input.Payload.Length);
                input.Completed!(Outcome.Failed(OutcomeKind.ShuttingDown));
                break;
            case ReplicaInputKind.Write:
                writes.Add(input.Payload, input.Completed!, input.Caller);
                break;
            case ReplicaInputKind.Query when IsStopped:
            case ReplicaInputKind.LocalQuery when IsStopped:
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

    /// <summary>Proposes the writes and asks for the read indexes that are due, or refuses what cannot be served.</summary>
    public void Serve(EntryApplier applier)
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
            Refused(writes.WaitingCount, RefusalCause.NotLeader);
            writes.RefuseWaiting(OutcomeKind.NotLeader, raft.Leader);
        }
        else if (room.IsMissing(raft))
        {
            // While another replica takes over, callers are to look for it and not to give up.
            bool isLeaving = raft.TransferTarget != 0;
            Refused(writes.WaitingCount, isLeaving ? RefusalCause.NotLeader : RefusalCause.DiskFull);
            writes.RefuseWaiting(isLeaving ? OutcomeKind.NotLeader : OutcomeKind.DiskFull, raft.Leader);
        }
        else
        {
            Refused(writes.Propose(raft, state.ClockMs, owner.Level), RefusalCause.Overloaded);
        }

        queries.Ask(raft);
    }

    /// <summary>Entries are durable here.</summary>
    public void Durable(LogPosition upTo) => writes.Durable(upTo);

    /// <summary>A majority has the entries.</summary>
    public void Committed(IReadOnlyList<Entry> entries) => writes.Committed(entries);

    /// <summary>An entry was applied: the writes in it are answered.</summary>
    public void Applied(AppliedEntry entry, ApplyTimes times) => writes.Applied(entry, raft.Leader, times);

    /// <summary>Raft has answered a question for a read index.</summary>
    public void Confirm(ReadState read) => queries.Confirm(read, raft.Leader);

    /// <summary>Answers the queries whose read index has been applied.</summary>
    public void Answer(EntryApplier applier)
    {
        if (applier.MayServe)
        {
            queries.Answer(state, raft.Leader);
        }
    }

    public void Tick() => queries.Tick(raft.Leader);

    /// <summary>Records expire when the clock of the state moves; an idle group's leader has to move it.</summary>
    public void ExpireRecords()
    {
        ulong now = writes.Stamp(state.ClockMs);
        if (state.NextExpiryMs is { } next && next <= now && writes.WaitingCount == 0 && raft.AppliedIndex == raft.Commit)
        {
            raft.Propose(EntryPayload.Encode(now, [], owner.Level), out _);
        }
    }

    /// <summary>Leadership is gone: callers look for another leader.</summary>
    public void LeadershipLost() => writes.LeadershipLost(raft.Leader);

    /// <summary>The replica can do nothing at present: callers look elsewhere.</summary>
    public void SendElsewhere()
    {
        writes.LeadershipLost(raft.Leader);
        queries.RefuseAll(OutcomeKind.NotLeader);
    }

    /// <summary>Answers everything that waits; nothing more is taken.</summary>
    public void Stop()
    {
        IsStopped = true;
        writes.LeadershipLost(0);
        queries.RefuseAll(OutcomeKind.ShuttingDown);
    }

    private void Refused(int count, RefusalCause cause)
    {
        trace.Refuses(count, cause);
        figures.WritesRefused(count);
    }
}
