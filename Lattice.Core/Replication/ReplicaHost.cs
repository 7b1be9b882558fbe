using Lattice.Core.Consensus;
using Lattice.Core.Disk;
using Lattice.Core.Log;
using Lattice.Core.State;
using Lattice.Core.Verification;
using Microsoft.Extensions.Logging;

namespace Lattice.Core.Replication;

/// <summary>
/// The replicas of a node in production: gives <c>NodeCore</c> its worker threads, its clock, the thread that flushes
/// the log and the one that makes checkpoints. All members may be called from any thread.
/// </summary>
public sealed partial class ReplicaHost : IAsyncDisposable
{
    private readonly ReplicaHostOptions options;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly NodeCore core;
    private readonly ReplicaWorkers workers;
    private LogWriter? logWriter;
    private readonly CheckpointThread checkpoints;
    private readonly TaskCompletionSource<Exception> fatal = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ITimer? ticks;
    private long loggedBytes;
    private long flushes;
    private long syncTicks;
    private int stopped;

    private ReplicaHost(ReplicaHostOptions options, ReplicaHostDevices devices)
    {
        this.options = options;
        time = devices.Time;
        logger = devices.Logger;
        workers = new ReplicaWorkers(options.WorkerThreads, devices.Time, Fail);
        core = NodeCore.Open(options.Node, new NodeDevices(devices.Disk, devices.Engine, devices.Time, devices.Random, devices.Transport, new Scheduler(this), devices.Lamport));
        var snapshots = new SnapshotKeeper(core, options.Node, devices.Disk, devices.Time);
        checkpoints = new CheckpointThread(core, options, snapshots, () => Interlocked.Read(ref loggedBytes), Fail);
    }

    /// <summary>A group has another leader, or none (0). Raised on the group's loop: handlers must be quick.</summary>
    public event Action<uint, int>? LeaderChanged;

    /// <summary>Completes with the reason when the node must not go on: a failed disk, a broken invariant, a damaged file.</summary>
    public Task<Exception> Fatal => fatal.Task;

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
        TimeSpan interval = options.Node.Replica.TickInterval;
        ticks = time.CreateTimer(_ => core.Tick(), null, interval, interval);
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
            LogBadFrame(e.Message);
        }
    }

    /// <summary>The transport has reason to believe that the node is gone: groups that it leads elect another leader soon.</summary>
    public void PeerDown(int node) => OnEveryReplica(r => r.Raft.ReportPeerDown(node));

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
        replica.Write(batch, done.SetResult);
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
    public void TransferLeadership(uint group, int to) => core.Find(group)?.Do(r => r.Raft.TransferLeadership(to));

    /// <summary>How the node stands.</summary>
    public HostStatus Status() => new()
    {
        Identity = core.Identity,
        Catalog = core.Catalog,
        Replicas = [.. core.Replicas.Select(r => r.Status).OrderBy(s => s.Group)],
        LogSegments = core.Log.SegmentCount,
        Recovery = core.Log.Recovery,
        LoggedBytes = Interlocked.Read(ref loggedBytes),
        Flushes = Interlocked.Read(ref flushes),
        SyncTime = new TimeSpan(Interlocked.Read(ref syncTicks)),
        DroppedFrames = core.DroppedFrames,
        DiskFull = core.DiskFull,
    };

    /// <summary>Hands leaderships over, answers what waits, and makes everything durable.</summary>
    public async Task StopAsync(CancellationToken cancellation = default)
    {
        if (Interlocked.Exchange(ref stopped, 1) != 0)
        {
            return;
        }

        if (!Fatal.IsCompleted)
        {
            await HandOverAsync(cancellation).ConfigureAwait(false);
        }

        if (ticks is not null)
        {
            await ticks.DisposeAsync().ConfigureAwait(false);
        }

        if (!Fatal.IsCompleted)
        {
            await ShutDownReplicasAsync().ConfigureAwait(false);
        }

        checkpoints.Dispose();
        workers.Dispose();
        if (logWriter is not null)
        {
            await logWriter.DisposeAsync().ConfigureAwait(false);
        }

        if (!Fatal.IsCompleted)
        {
            core.Checkpoint();
        }

        core.Dispose();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await StopAsync().ConfigureAwait(false);

    private async Task HandOverAsync(CancellationToken cancellation)
    {
        long start = time.GetTimestamp();
        foreach (Replica replica in core.Replicas)
        {
            replica.Do(HandOver);
        }

        while (core.Replicas.Any(r => r.Status.Role == RaftRole.Leader && r.Status.Configuration.Voters.Count > 1)
            && time.GetElapsedTime(start) < options.HandOverTimeout
            && !cancellation.IsCancellationRequested)
        {
            await Task.Delay(options.Node.Replica.TickInterval / 5, time, CancellationToken.None).ConfigureAwait(false);
        }
    }

    private static void HandOver(Replica replica)
    {
        if (replica.Raft.Role != RaftRole.Leader)
        {
            return;
        }

        int best = 0;
        ulong furthest = 0;
        foreach (PeerProgress peer in replica.Raft.Progress)
        {
            if (peer.Node != replica.Node && peer.IsVoter && peer.RecentActive && peer.Match >= furthest)
            {
                (best, furthest) = (peer.Node, peer.Match);
            }
        }

        if (best != 0)
        {
            replica.Raft.TransferLeadership(best);
        }
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

    private void OnEveryReplica(Action<Replica> command)
    {
        foreach (Replica replica in core.Replicas)
        {
            replica.Do(command);
        }
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

        public void SnapshotInstalled(uint group, LogPosition position) => host.LogSnapshotInstalled(group, position.Index);

        public void Diverged(Divergence divergence) => host.fatal.TrySetResult(new StateDivergenceException(divergence));
    }

    private sealed class LogObserver(ReplicaHost host) : ILogObserver
    {
        public void Flushed(long durableSequence) => host.core.LogFlushed();

        public void Measured(LogFlush flush, TimeSpan write, TimeSpan sync)
        {
            Interlocked.Add(ref host.loggedBytes, flush.Bytes);
            Interlocked.Increment(ref host.flushes);
            Interlocked.Add(ref host.syncTicks, sync.Ticks);
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

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Reason}")]
    private partial void LogBadFrame(string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Writes are refused: the volume of the log is full. Reads go on, and writes resume by themselves when there is room. {Reason}")]
    private partial void LogDiskFull(string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The volume of the log has room again: writes are accepted")]
    private partial void LogDiskHasRoom();

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
public sealed record ReplicaHostDevices(
    IDisk Disk,
    Lazy<IStateEngine> Engine,
    TimeProvider Time,
    Random Random,
    IReplicaTransport Transport,
    ILogger Logger,
    LamportClock Lamport);
