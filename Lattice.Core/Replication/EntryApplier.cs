using Lattice.Core.Consensus;
using Lattice.Core.Disk;
using Lattice.Core.Log;
using Lattice.Core.State;
using Lattice.Core.Telemetry;
using Lattice.Core.Verification;

namespace Lattice.Core.Replication;

/// <summary>
/// Brings committed entries into the state: executes them, has the outcome checked against the reference model and against the digests of the other replicas, and only then
/// commits it. Keeps what could not be committed yet, because the volume is full or the replicas differ.
/// </summary>
internal sealed class EntryApplier
{
    private const int MaxBytesPerCatchUp = 4 << 20;

    private readonly RaftNode raft;
    private readonly GroupLog log;
    private readonly StateMachine state;
    private readonly IReplicaOwner owner;
    private readonly TimeProvider time;
    private readonly ReplicaTrace trace;
    private readonly Action<AppliedEntry> applied;
    private readonly ExecutionVerifier? verifier;
    private readonly WriteTimings.Group? timings;
    private readonly ReplicaFigures figures;
    private readonly Drills drills;

    // Executed, or about to be, but not committed; the same entries have to be applied next. What is committed in the log behind them stays there
    // meanwhile, and not in memory.
    private IReadOnlyList<Entry>? held;
    private ulong handedOut;
    private ApplyTimes times;

    public EntryApplier(ReplicaParts parts, ReplicaSettings settings, IReplicaOwner owner, TimeProvider time, ReplicaTrace trace, ReplicaFigures figures, Action<Message> send, Action<AppliedEntry> applied)
    {
        (raft, log, state) = (parts.Raft, parts.Log, parts.State);
        this.owner = owner;
        this.time = time;
        this.trace = trace;
        this.applied = applied;
        this.figures = figures;
        timings = parts.Timings;
        drills = new Drills(state, raft, trace);
        if (settings.Verify)
        {
            verifier = new ExecutionVerifier(state);
            Exchange = new DigestExchange(parts.Group, parts.Node, parts.Incarnation, 2 * settings.ElectionTicks, trace, send);
            Exchange.Begin(state.Applied, state.Digest, isNew: state.Applied.Index == 0);
        }
    }

    /// <summary>The comparison with the other replicas; null: it is switched off.</summary>
    public DigestExchange? Exchange { get; }

    /// <summary>When the application that is told to the caller took which step.</summary>
    public ApplyTimes Times => times;

    /// <summary>Faults that an operator injects.</summary>
    public Drills Drills => drills;

    /// <summary>Whether clients may be answered from the state.</summary>
    public bool MayServe => Exchange is null || Exchange.MayServe || (raft.Role == RaftRole.Leader && Exchange.HasNobodyToCompareWith(raft.Configuration));

    /// <summary>Whether callers that do not mind an old state may be answered from it.</summary>
    public bool MayAnswerStale => Exchange is null || Exchange.MayApply;

    /// <summary>Applies entries that were committed just now.</summary>
    public void Apply(IReadOnlyList<Entry> entries)
    {
        handedOut = entries[^1].Index;
        if (held is null)
        {
            TryApply(entries);
        }
    }

    /// <summary>Applies what had to wait, and what has been committed since, if it need not wait any longer.</summary>
    public void ApplyHeld()
    {
        while (held is not null && TryApply(held))
        {
            ulong next = state.Applied.Index + 1;
            held = next <= handedOut ? log.Entries(next, handedOut + 1, MaxBytesPerCatchUp) : null;
        }
    }

    /// <summary>The state was replaced by a snapshot, which was checked against its sender's digest.</summary>
    public void StateReplaced()
    {
        held = null;
        verifier?.Reset();
        Exchange?.Begin(state.Applied, state.Digest, isNew: true);
    }

    private bool TryApply(IReadOnlyList<Entry> entries)
    {
        ExecutedEntries executed;
        long began = time.GetTimestamp();
        times = new ApplyTimes(began, 0, 0);
        try
        {
            raft.Monitor.Executes(entries);
            NoteConfiguration(entries);
            IReadOnlyList<Entry> toExecute = drills.BeforeExecution(entries);
            executed = state.Execute(toExecute, raft.ApplyConfiguration);
            drills.AfterExecution(executed);
            Verify(toExecute, executed);
            if (!AgreesWithPeers(executed))
            {
                held = entries;
                return false;
            }

            state.Commit(executed);
        }
        catch (DiskFullException)
        {
            // Nothing of it is visible. The entries stay committed and are applied with a later tick, when there is room; until then
            // what waits for them waits, and new writes are refused.
            held = entries;
            owner.StateDiskFull = true;
            return false;
        }

        owner.StateDiskFull = false;
        verifier?.Committed();
        raft.Monitor.Executed(entries);
        raft.Applied(entries[^1].Index);
        trace.Applied(entries, state.Configuration);
        figures.EntriesApplied(entries.Count);
        timings?.Applied(time.GetElapsedTime(began));
        for (int i = 0; i < executed.Entries.Count; i++)
        {
            applied(executed.Entries[i]);
        }

        if (raft.Role == RaftRole.Leader)
        {
            Exchange?.Tell(raft.Configuration);
        }

        return true;
    }

    private void Verify(IReadOnlyList<Entry> entries, ExecutedEntries executed)
    {
        if (verifier is not null)
        {
            long start = time.GetTimestamp();
            verifier.Check(entries, executed);
            long end = time.GetTimestamp();
            times = times with { VerifyBegan = start, VerifyEnded = end };
            TimeSpan took = time.GetElapsedTime(start, end);
            timings?.Verified(took);
            owner.Verified(took);
        }
    }

    private bool AgreesWithPeers(ExecutedEntries executed)
    {
        if (Exchange is null)
        {
            return true;
        }

        for (int i = 0; i < executed.Entries.Count; i++)
        {
            AppliedEntry entry = executed.Entries[i];
            Exchange.Check(new LogPosition(entry.Index, entry.Term), entry.Digest, raft.Configuration);
        }

        Exchange.Answer();
        return Exchange.MayApply;
    }

    /// <summary>
    /// Only what is committed says which cluster this is: a founding that found no majority may be followed by another one. Until then
    /// an entry in the log is what keeps this node from founding anything.
    /// </summary>
    private void NoteConfiguration(IReadOnlyList<Entry> entries)
    {
        for (int i = 0; i < entries.Count; i++)
        {
            if (entries[i].Kind == EntryKind.Configuration)
            {
                owner.BelongsTo(ConfigurationCodec.Decode(entries[i].Data.Span).ClusterId);
            }
        }
    }
}
