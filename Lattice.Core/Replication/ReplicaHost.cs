using System.Globalization;
using Lattice.Core.Consensus;
using Lattice.Core.Disk;
using Lattice.Core.Log;
using Lattice.Core.State;
using Lattice.Core.Telemetry;
using Lattice.Core.Upgrade;
using Lattice.Core.Verification;
using Microsoft.Extensions.Logging;

namespace Lattice.Core.Replication;

/// <summary>
/// The replicas of a node in production: gives <c>NodeCore</c> its worker threads, its clock, the thread that flushes
/// the log and the one that makes checkpoints. All members may be called from any thread.
/// </summary>
public sealed partial class ReplicaHost : IAsyncDisposable
{
    private static readonly TimeSpan BadFrameLogInterval = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan SlowVerification = TimeSpan.FromMilliseconds(2);

    private readonly ReplicaHostOptions options;
    private readonly TimeProvider time;
    private readonly Random random;
    private readonly ILogger logger;
    private readonly NodeCore core;
    private readonly ReplicaWorkers workers;
    private readonly NodeMetrics metrics;
    private long lastSlowVerification;
    private LogWriter? logWriter;
    private readonly CheckpointThread checkpoints;
    private readonly SnapshotKeeper snapshots;
    private readonly LogCompaction compaction;
    private readonly ScrubThread scrub;
    private readonly DiskSpaceLog space;
    private readonly TaskCompletionSource<Exception> fatal = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ITimer? ticks;
    private long loggedBytes;
    private long flushes;
    private long syncTicks;
    private long lastBadFrame;
    private int stopped;

    private ReplicaHost(ReplicaHostOptions options, ReplicaHostDevices devices)
    {
        this.options = options;
        time = devices.Time;
        logger = devices.Logger;
        random = devices.Random;
        metrics = new NodeMetrics(devices.Meter, devices.Time);
        workers = new ReplicaWorkers(options.WorkerThreads, devices.Time, devices.Transport, Fail);
        var spare = new SpareRoom(devices.Disk, options.Node);
        spare.GiveUpIfNeeded();
        core = NodeCore.Open(options.Node, new NodeDevices(devices.Disk, devices.Engine, devices.Time, devices.Random, devices.Transport, new Scheduler(this), devices.Lamport) { Timings = metrics.Timings });
        snapshots = new SnapshotKeeper(core, options.Node, devices.Disk, devices.Time);
        checkpoints = new CheckpointThread(core, options, snapshots, spare, () => Interlocked.Read(ref loggedBytes), Fail);
        compaction = new LogCompaction(core, spare, devices.Time);
        space = new DiskSpaceLog(core.Space, devices.Logger);
        scrub = new ScrubThread(core, options, devices.Disk, devices.Time, FailDiverged);
        ReplicaMetrics.AddTo(devices.Meter, core);
        StorageMetrics.AddTo(devices.Meter, core, snapshots, scrub, devices.Engine.Value, devices.Time);
    }

    /// <summary>A group has another leader, or none (0). Raised on the group's loop: handlers must be quick.</summary>
    public event Action<uint, int>? LeaderChanged;

    /// <summary>A replica differs from another one, and nobody can tell which is right; once for each difference. Raised on the group's loop: handlers must be quick.</summary>
    public event Action<Divergence>? Undecided;

    /// <summary>Completes with the reason when the node must not go on: a failed disk, a broken invariant, a damaged file.</summary>
    public Task<Exception> Fatal => fatal.Task;

    /// <summary>What verification found and costs.</summary>
    public VerificationFigures Verification => metrics.Verification;

    /// <summary>What happened on this node lately.</summary>
    public CausalTrace Trace => core.Trace;

    /// <summary>The cluster as the system group has it here.</summary>
    public SystemCatalog Catalog => core.Catalog;

    /// <summary>Opens the node's data, which the caller has locked. Nothing runs before <see cref="Start"/>.</summary>
    /// <exception cref="NodeStartException">The data directory is not this node's, or does not fit together.</exception>
    /// <exception cref="LogCorruptException">The log is damaged.</exception>
    public static ReplicaHost Open(ReplicaHostOptions options, ReplicaHostDevices devices) => new(options, devices);

    /// <summary>Has the replicas take part in their groups from here on.</summary>
    public void Start()
    {
        LogRecovered(core.Log.Recovery.Segments, core.Log.Recovery.Entries, core.Log.Recovery.TornBytes);
        workers.Start();
        logWriter = new LogWriter(core.Log, time, new LogObserver(this));
        checkpoints.Start();
        scrub.Start();
        TimeSpan interval = options.Node.Replica.TickInterval;
        ticks = time.CreateTimer(_ => Tick(), null, interval, interval);
    }

    /// <summary>What is free on the node's volume.</summary>
    public DiskRoom Room => core.Space.Latest;

    private void Tick()
    {
        core.Tick();
        workers.FlushAfterTick();
        space.Tell();
    }

    /// <summary>Takes a frame that a peer's transport sent. Damaged ones are dropped and logged.</summary>
    public void Receive(ReadOnlyMemory<byte> frame)
    {
        try
        {
            core.Receive(frame);
        }
        catch (MessageFormatException e)
        {
            TellOfBadFrame(e);
        }
    }

    /// <summary>The transport has reason to believe that the node is gone: groups that it leads elect another leader soon.</summary>
    public void PeerDown(int node) => OnEveryReplica(r => r.Raft.ReportPeerDown(node));

    /// <summary>The node found one of its replicas to be wrong and stops: groups that it leads elect another leader soon.</summary>
    public void PeerDiverged(int node, uint group, string what)
    {
        metrics.Diverged();
        LogPeerDiverged(node, group == TraceEvent.NodeLevel ? "the node's files" : string.Create(CultureInfo.InvariantCulture, $"group {group}"), what);
        PeerDown(node);
    }

    /// <summary>A message to the node could not be sent.</summary>
    public void PeerUnreachable(int node) => OnEveryReplica(r => r.Raft.ReportUnreachable(node));

    /// <summary>Has a write batch agreed, made durable and executed.</summary>
    /// <param name="group">The group.</param>
    /// <param name="batch">A write batch (<c>docs/wire-format.md</c>), not changed afterwards.</param>
    /// <returns>How it ended; never faulted.</returns>
    public Task<Outcome> WriteAsync(uint group, ReadOnlyMemory<byte> batch)
    {
        if (core.Find(group) is not { } replica)
        {
            return Task.FromResult(Outcome.Failed(OutcomeKind.NoSuchGroup));
        }

        var done = new TaskCompletionSource<Outcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        replica.Write(batch, done.SetResult, LatticeActivity.Caller);
        return done.Task;
    }

    /// <summary>Answers a query batch from this node's replica; linearizable ones after asking the leader for a read index.</summary>
    /// <returns>How it ended; never faulted.</returns>
    public Task<Outcome> QueryAsync(uint group, ReadOnlyMemory<byte> batch, bool linearizable)
    {
        if (core.Find(group) is not { } replica)
        {
            return Task.FromResult(Outcome.Failed(OutcomeKind.NoSuchGroup));
        }

        var done = new TaskCompletionSource<Outcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        replica.Query(batch, linearizable, done.SetResult);
        return done.Task;
    }

    /// <summary>Leader of the group as this node knows it; 0: none, or no such group.</summary>
    public int LeaderOf(uint group) => core.Find(group)?.Status.Leader ?? 0;

    /// <summary>Asks the leaders among this node's replicas to hand over to a node.</summary>
    public void TransferLeadership(uint group, int to) => core.Find(group)?.Do(r => r.TransferLeadership(to));

    /// <summary>Has one node lead all groups from here on, wherever and however often nodes are restarted. Only where the system group is led.</summary>
    /// <param name="node">The node; 0: the leaders are spread over the nodes again.</param>
    /// <returns>How it ended.</returns>
    public async Task<OutcomeKind> PreferLeaderAsync(int node) =>
        (await WriteRecordAsync(LeaderPreference.Key, node == 0 ? null : new LeaderPreference { Node = node }.Encode()).ConfigureAwait(false)).Kind;

    /// <summary>Remembers a node that an operator added, or forgets it. Only where the system group is led; one change at a time.</summary>
    /// <param name="node">The node.</param>
    /// <param name="address">Its address for the others, host:port; null: it is forgotten.</param>
    /// <returns>How it ended.</returns>
    public async Task<OutcomeKind> RegisterAsync(int node, string? address)
    {
        NodeRegistry known = core.Registry;
        NodeRegistry changed = known with { Addresses = address is null ? known.Addresses.Remove(node) : known.Addresses.SetItem(node, address) };
        return (await WriteRecordAsync(NodeRegistry.Key, changed.Encode()).ConfigureAwait(false)).Kind;
    }

    /// <summary>Which node shall lead, as applied here.</summary>
    public LeaderPreference Preference => core.Preference;

    /// <summary>Nodes that an operator added, as applied here.</summary>
    public NodeRegistry Registry => core.Registry;

    /// <summary>Raises the cluster's feature level as far as the binaries of all members know. Only where the system group is led.</summary>
    public Task<RaiseOutcome> RaiseLevelAsync()
    {
        var done = new TaskCompletionSource<RaiseOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        core.RaiseLevel(done.SetResult);
        return done.Task;
    }

    /// <summary>Proposes a change of a group's members. Only where it is led.</summary>
    /// <returns>What became of the proposal; accepted is not agreed yet.</returns>
    public Task<ProposalStatus> ChangeMembersAsync(uint group, ConfigurationChange change) =>
        AskAsync(group, r => r.Raft.ProposeConfiguration(change, out _), absent: ProposalStatus.NotLeader);

    /// <summary>The operator decides that a group goes on with this replica and those that answer; see <see cref="RaftNode.ForceRecovery"/>.</summary>
    public void ForceRecovery(uint group)
    {
        LogForced(group);
        core.Find(group)?.Do(r => r.Raft.ForceRecovery());
    }

    /// <summary>An entry of a group's log; null: there is no such group, or the log does not hold it.</summary>
    public Task<Entry?> ReadEntryAsync(uint group, ulong index) => AskAsync<Entry?>(group, r => r.ReadEntry(index), absent: null);

    /// <summary>
    /// A view of a group's state as it is now, for those who compare it; null: this node has no such group. Also of a replica that has fenced itself.
    /// </summary>
    public Task<GroupSnapshot?> OpenViewAsync(uint group) => AskAsync<GroupSnapshot?>(group, r => r.State.OpenSnapshot(), absent: null);

    /// <summary>Takes a view of all groups, for a backup. Blocks until all their loops have answered; null: one did not in time.</summary>
    public NodeSnapshot? TakeSnapshot() => NodeSnapshot.Take(core, options.Node, time);

    /// <summary>Writes a snapshot file of all groups into <c>snapshots/</c> and renews <c>latest.snap</c>. Blocks.</summary>
    /// <param name="written">Told how many bytes are in the file, as it grows.</param>
    /// <returns>What was written; null: a group did not show its state in time.</returns>
    /// <exception cref="DiskFullException">No room; the snapshots that there were are as they were.</exception>
    /// <exception cref="StateDivergenceException">The state is not what was written: <see cref="ReportFatal"/> it.</exception>
    public WrittenSnapshot? WriteSnapshot(Action<long> written) => snapshots.Write(Interlocked.Read(ref loggedBytes), written);

    /// <summary>Makes the state durable and drops all of the log but the last entries of each group. Blocks.</summary>
    /// <param name="keep">Entries of each group that stay at least.</param>
    /// <exception cref="DiskFullException">The state could not be made durable; nothing was dropped.</exception>
    public CompactedLog CompactLog(ulong keep) => compaction.Run(keep);

    /// <summary>Asks for everything that the node holds to be read and checked, from here on and as fast as it goes.</summary>
    /// <returns>The number of completed rounds (<see cref="ScrubStatus.Completed"/>) at which that is done.</returns>
    public long DemandScrub() => scrub.Demand();

    /// <summary>How far the scrub is.</summary>
    public ScrubStatus Scrub => scrub.Status;

    /// <summary>Something that reads the node's state beside its loops found that the node must not go on.</summary>
    public void ReportFatal(Exception reason) => FailDiverged(reason);

    /// <summary>Compares this node's state of a group with that of a replica which was found to be wrong, beside the group's work.</summary>
    /// <returns>The buckets that differ and what is in them; null: this node has no such group.</returns>
    public async Task<BucketAnswer?> CompareAsync(BucketQuestion question)
    {
        ArgumentNullException.ThrowIfNull(question);
        using GroupSnapshot? view = await OpenViewAsync(question.Group).ConfigureAwait(false);
        return view is null ? null : BucketComparison.Answer(view, question);
    }

    /// <summary>What this node's replica of a group says of its state, for those who compare replicas.</summary>
    /// <param name="group">The group.</param>
    /// <param name="index">The entry after which its digest is wanted.</param>
    /// <returns>The sample; null: this node has no such group.</returns>
    public Task<DigestSample?> SampleAsync(uint group, ulong index) => AskAsync<DigestSample?>(group, r => r.Sample(index), absent: null);

    /// <summary>What this node says about a divergence that was found on another one, or on itself.</summary>
    /// <param name="question">What was found.</param>
    /// <param name="self">What this node runs.</param>
    public async Task<Testimony> TestifyAsync(TestimonyQuestion question, ReportedNode self)
    {
        ArgumentNullException.ThrowIfNull(question);
        Divergence? found = Fatal.IsCompletedSuccessfully && await Fatal.ConfigureAwait(false) is StateDivergenceException own ? own.Divergence : null;
        if (question.Group is not { } group)
        {
            return new Testimony(self, Digest: null, EntryHash: null, ReplicaWitness.IsAffected(question, found, view: null));
        }

        (UInt128? digest, UInt128? entry) = await AskAsync<(UInt128?, UInt128?)>(group, r => ReplicaWitness.Of(r, question), absent: default).ConfigureAwait(false);
        using GroupSnapshot? view = await OpenViewAsync(group).ConfigureAwait(false);
        return new Testimony(self, digest, entry, ReplicaWitness.IsAffected(question, found, view));
    }

    /// <summary>Injects a fault into this node's replica of a group, to rehearse what to do about it.</summary>
    /// <returns>What was done; null: there is no such group, or nothing yet to which it could be done.</returns>
    public Task<string?> DrillAsync(DrillKind kind, uint group)
    {
        LogDrill(kind, group);
        return AskAsync(group, r => r.Drills.Inject(kind, random), absent: null, interrupted: "injected the fault, which was noticed on the spot");
    }

    /// <summary>How the node stands.</summary>
    public HostStatus Status() => new()
    {
        Identity = core.Identity,
        Catalog = core.Catalog,
        Level = core.Level,
        ClusterLevel = core.ClusterLevel,
        Replicas = [.. core.Replicas.Select(r => r.Status).OrderBy(s => s.Group)],
        LogSegments = core.Log.SegmentCount,
        Recovery = core.Log.Recovery,
        LoggedBytes = Interlocked.Read(ref loggedBytes),
        Flushes = Interlocked.Read(ref flushes),
        SyncTime = new TimeSpan(Interlocked.Read(ref syncTicks)),
        DroppedFrames = core.DroppedFrames,
        DiskFull = core.DiskFull,
        Room = core.Space.Latest,
    };

    /// <summary>Hands leaderships over, answers what waits, and makes everything durable.</summary>
    public async Task StopAsync(CancellationToken cancellation = default)
    {
        if (Interlocked.Exchange(ref stopped, 1) != 0)
        {
            return;
        }

        scrub.Dispose();
        if (ticks is not null)
        {
            await LeaveGroupsAsync(ticks, cancellation).ConfigureAwait(false);
        }

        checkpoints.Dispose();
        workers.Dispose();
        if (!Fatal.IsCompleted)
        {
            foreach (Replica replica in core.Replicas)
            {
                replica.RefuseTheLast();
            }
        }

        if (logWriter is not null)
        {
            await logWriter.DisposeAsync().ConfigureAwait(false);
        }

        try
        {
            if (!Fatal.IsCompleted)
            {
                core.Checkpoint();
            }
        }
        catch (DiskFullException)
        {
            // What the state could not take is in the log, and applied again when the node starts.
            return;
        }
        finally
        {
            core.Dispose();
            space.Dispose();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await StopAsync().ConfigureAwait(false);

    /// <summary>From running to silent; only when the host was started.</summary>
    private async Task LeaveGroupsAsync(ITimer clock, CancellationToken cancellation)
    {
        if (!Fatal.IsCompleted)
        {
            await HandOverAsync(cancellation).ConfigureAwait(false);
        }

        await clock.DisposeAsync().ConfigureAwait(false);
        if (!Fatal.IsCompleted)
        {
            await ShutDownReplicasAsync().ConfigureAwait(false);
        }
    }

    private async Task HandOverAsync(CancellationToken cancellation)
    {
        long start = time.GetTimestamp();
        HandOver[] all = [.. core.Replicas.Select(r => new HandOver(r))];
        do
        {
            foreach (HandOver one in all)
            {
                one.Advance();
            }

            await Task.Delay(options.Node.Replica.TickInterval / 5, time, CancellationToken.None).ConfigureAwait(false);
        }
        while (!all.All(one => one.IsFinished) && time.GetElapsedTime(start) < options.HandOverTimeout && !cancellation.IsCancellationRequested && !Fatal.IsCompleted);
    }

    private async Task ShutDownReplicasAsync()
    {
        var done = new List<Task>();
        foreach (Replica replica in core.Replicas)
        {
            var source = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            done.Add(source.Task);
            replica.Do(r =>
            {
                r.Shutdown();
                source.SetResult();
            });
        }

        await Task.WhenAny(Task.WhenAll(done), Fatal).ConfigureAwait(false);
    }

    private Task<Outcome> WriteRecordAsync(string key, byte[]? value)
    {
        byte[] name = System.Text.Encoding.UTF8.GetBytes(key);
        WriteBatchBuilder batch = new WriteBatchBuilder().Command();
        return WriteAsync(0, (value is null ? batch.Delete(name) : batch.Put(name, value)).Build());
    }

    /// <summary>Asks a replica something in its loop.</summary>
    private Task<T> AskAsync<T>(uint group, Func<Replica, T> question, T absent, T? interrupted = default)
    {
        if (core.Find(group) is not { } replica)
        {
            return Task.FromResult(absent);
        }

        var answer = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        replica.Do(r =>
        {
            try
            {
                answer.SetResult(question(r));
            }
            catch (Exception e) when (e is not StateDivergenceException and not InvariantViolationException)
            {
                answer.SetException(e);
            }
            catch (Exception)
            {
                // Whoever asked gets an answer; the replica fences itself.
                answer.SetResult(interrupted ?? absent);
                throw;
            }
        });
        return answer.Task;
    }

    /// <summary>Logs now and then: a link that damages every frame must not fill the log. All are counted.</summary>
    private void TellOfBadFrame(MessageFormatException bad)
    {
        long now = time.GetTimestamp();
        long last = Interlocked.Read(ref lastBadFrame);
        if ((last == 0 || time.GetElapsedTime(last, now) >= BadFrameLogInterval) && Interlocked.CompareExchange(ref lastBadFrame, now, last) == last)
        {
            LogBadFrame(bad.Message, core.DroppedFrames);
        }
    }

    private void OnEveryReplica(Action<Replica> command)
    {
        foreach (Replica replica in core.Replicas)
        {
            replica.Do(command);
        }
    }

    private void OnVerified(TimeSpan took)
    {
        metrics.Verified(took);
        if (took < SlowVerification)
        {
            return;
        }

        // One line a second at most: a machine that is out of breath is not helped by more of them.
        long now = time.GetTimestamp();
        long last = Interlocked.Read(ref lastSlowVerification);
        if (time.GetElapsedTime(last, now) >= TimeSpan.FromSeconds(1) && Interlocked.CompareExchange(ref lastSlowVerification, now, last) == last)
        {
            LogSlowVerification((long)took.TotalMicroseconds);
        }
    }

    private void FailDiverged(Exception reason)
    {
        if (reason is StateDivergenceException)
        {
            metrics.Diverged();
        }

        Fail(reason);
    }

    private void Fail(Exception reason)
    {
        if (fatal.TrySetResult(reason))
        {
            LogFatal(reason.Message, reason);
        }
    }

    private sealed class Scheduler(ReplicaHost host) : INodeScheduler
    {
        public void Schedule(Replica replica) => host.workers.Schedule(replica);

        public void LogAppended()
        {
            // The log wakes its writer by itself.
        }

        public void LeaderChanged(uint group, int leader) => host.LeaderChanged?.Invoke(group, leader);

        public void SnapshotWaits(uint group) => host.LogSnapshotWaits(group);

        public void SnapshotInstalled(uint group, LogPosition position) => host.LogSnapshotInstalled(group, position.Index);

        public void Verified(TimeSpan took) => host.OnVerified(took);

        public void Undecided(Divergence divergence)
        {
            host.metrics.Diverged();
            host.Undecided?.Invoke(divergence);
        }

        public void Diverged(Divergence divergence)
        {
            host.metrics.Diverged();
            host.fatal.TrySetResult(new StateDivergenceException(divergence));
        }
    }

    private sealed class LogObserver(ReplicaHost host) : ILogObserver
    {
        public void Flushed(long durableSequence) => host.core.LogFlushed();

        public void Measured(LogFlush flush, TimeSpan write, TimeSpan sync)
        {
            Interlocked.Add(ref host.loggedBytes, flush.Bytes);
            Interlocked.Increment(ref host.flushes);
            Interlocked.Add(ref host.syncTicks, sync.Ticks);
            host.metrics.Flushed(flush, write, sync);
        }

        public void Full(string message)
        {
            host.core.LogDiskFull = true;
            host.LogDiskFull(message);
        }

        public void Healed()
        {
            host.core.LogDiskFull = false;
            host.LogDiskHasRoom();
        }

        public void Failed(Exception reason) => host.Fail(reason);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Log recovered: {Segments} segments, {Entries} entries, {TornBytes} bytes of an unfinished write cut off")]
    private partial void LogRecovered(int segments, long entries, long tornBytes);

    [LoggerMessage(Level = LogLevel.Information, Message = "Snapshot of group {Group} at entry {Index} installed: this replica was behind its leader's log")]
    private partial void LogSnapshotInstalled(uint group, ulong index);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A snapshot of group {Group} waits: the volume of the state is full. This replica is behind its leader's log, and catches up by itself when there is room")]
    private partial void LogSnapshotWaits(uint group);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Reason} Frames dropped since the start: {Dropped}")]
    private partial void LogBadFrame(string reason, long dropped);

    [LoggerMessage(Level = LogLevel.Error, Message = "Writes are refused: the volume of the log is full. Reads go on, and writes resume by themselves when there is room. {Reason}")]
    private partial void LogDiskFull(string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The volume of the log has room again: writes are accepted")]
    private partial void LogDiskHasRoom();

    [LoggerMessage(Level = LogLevel.Warning, Message = "verification took {Microseconds} us for a batch of entries; below 200 is usual, and more than 2000 delays the writes that wait for it")]
    private partial void LogSlowVerification(long microseconds);

    [LoggerMessage(Level = LogLevel.Error, Message = "Node {Node} found what it holds of {Group} to be wrong and stops: {What}")]
    private partial void LogPeerDiverged(int node, string group, string what);

    [LoggerMessage(Level = LogLevel.Warning, Message = "An operator forces an election in group {Group}: it goes on with this replica and those that answer, and what only the others hold is lost")]
    private partial void LogForced(uint group);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Drill: an operator injects a fault of kind {Kind} into group {Group}")]
    private partial void LogDrill(DrillKind kind, uint group);

    [LoggerMessage(Level = LogLevel.Critical, Message = "The node stops: {Reason}")]
    private partial void LogFatal(string reason, Exception exception);
}

/// <summary>What a <see cref="ReplicaHost"/> runs on.</summary>
/// <param name="Disk">Files of log and snapshots.</param>
/// <param name="Engine">The state, opened when identity and log are in order; the host does not dispose it.</param>
/// <param name="Time">Clock.</param>
/// <param name="Random">Source of election timeouts and identities.</param>
/// <param name="Transport">Way to the peers.</param>
/// <param name="Logger">Where events are told.</param>
/// <param name="Lamport">The node's logical clock, which the transport stamps frames with.</param>
/// <param name="Meter">Where the node measures.</param>
public sealed record ReplicaHostDevices(
    IDisk Disk,
    Lazy<IStateEngine> Engine,
    TimeProvider Time,
    Random Random,
    IReplicaTransport Transport,
    ILogger Logger,
    LamportClock Lamport,
    LatticeMeter Meter);
