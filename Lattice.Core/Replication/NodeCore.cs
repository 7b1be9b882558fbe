using System.Collections.Concurrent;
using Lattice.Core.Consensus;
using Lattice.Core.Disk;
using Lattice.Core.Log;
using Lattice.Core.State;
using Lattice.Core.Telemetry;
using Lattice.Core.Upgrade;
using Lattice.Core.Verification;

namespace Lattice.Core.Replication;

/// <summary>Who gives the replicas of a node their turns: worker threads in production, the event queue in the simulator.</summary>
internal interface INodeScheduler
{
    /// <summary>Have <see cref="Replica.Run"/> called soon, never twice at once for one replica.</summary>
    void Schedule(Replica replica);

    /// <summary>Have <see cref="WriteAheadLog.Flush"/> called soon, and <see cref="NodeCore.LogFlushed"/> after it.</summary>
    void LogAppended();

    /// <summary>A group has another leader, or none (0).</summary>
    void LeaderChanged(uint group, int leader);

    /// <summary>A replica that is behind its leader's log has no room for the snapshot that it is sent. Told once for as long as that lasts.</summary>
    void SnapshotWaits(uint group);

    /// <summary>A replica that was behind its leader's log has taken a snapshot in.</summary>
    void SnapshotInstalled(uint group, LogPosition position);

    /// <summary>Entries of a group were checked against the reference model, in so much time.</summary>
    void Verified(TimeSpan took);

    /// <summary>A replica differs from another one, and nobody can tell which is right.</summary>
    void Undecided(Divergence divergence);

    /// <summary>A replica was found to be wrong; it does nothing any more, and the node must stop.</summary>
    void Diverged(Divergence divergence);
}

/// <summary>
/// All replicas of a node on one log and one state engine: which groups there are, how a node begins, joins and
/// recovers. Has no threads; <see cref="ReplicaHost"/> gives it some.
/// </summary>
internal sealed class NodeCore : IReplicaOwner, IDisposable
{
    /// <summary>Where the first configuration of a data group stands.</summary>
    private static readonly LogPosition Founding = new(1, 1);

    private readonly NodeCoreOptions options;
    private readonly IDisk disk;
    private readonly IStateEngine engine;
    private readonly TimeProvider time;
    private readonly Random random;
    private readonly IReplicaTransport transport;
    private readonly INodeScheduler scheduler;
    private readonly RecordCache cache;
    private readonly WriteTimings? timings;
    private readonly ConcurrentDictionary<uint, Replica> replicas = new();
    private readonly Lock identityGate = new();
    private readonly CatalogFounder founder;
    private readonly LevelKeeper levels;
    private NodeIdentity identity;
    private SystemCatalog catalog = SystemCatalog.Empty;
    private LeaderPreference preference = LeaderPreference.None;
    private NodeRegistry registry = NodeRegistry.Empty;
    private ClusterLevel clusterLevel = ClusterLevel.Unset;
    private volatile int level;
    private volatile bool logDiskFull;
    private volatile bool stateDiskFull;
    private long droppedFrames;

    private NodeCore(NodeCoreOptions options, NodeOrigin origin, WriteAheadLog wal, NodeDevices devices)
    {
        this.options = options;
        (disk, engine, time, random, transport, scheduler) = (devices.Disk, devices.Engine.Value, devices.Time, devices.Random, devices.Transport, devices.Scheduler);
        identity = origin.Identity;
        MayFound = origin.MayFound;
        Log = wal;
        Trace = new CausalTrace(options.Node, devices.Lamport, time, options.TraceCapacity);
        Trace.Record(TraceKind.Boot, TraceEvent.NodeLevel, first: identity.Incarnation, second: (ulong)wal.Recovery.Entries);
        cache = new RecordCache(options.CacheSize);
        timings = devices.Timings;
        founder = new CatalogFounder(options);
        Space = new DiskSpace(disk, options.DataDirectory, options.ReserveBytes);
        Space.Look();
        levels = new LevelKeeper(options, time);
        level = Math.Max(identity.Level, options.Levels.Oldest);
    }

    /// <summary>The node's log.</summary>
    public WriteAheadLog Log { get; }

    /// <summary>Records in memory.</summary>
    public RecordCache Cache => cache;

    /// <summary>What happened here lately.</summary>
    public CausalTrace Trace { get; }

    /// <summary>Frames of peers that were dropped since the start: damaged, or of another version.</summary>
    public long DroppedFrames => Interlocked.Read(ref droppedFrames);

    /// <summary>Who this node is.</summary>
    public NodeIdentity Identity => Volatile.Read(ref identity);

    /// <summary>The system group's word on groups and slots, as applied here.</summary>
    public SystemCatalog Catalog => Volatile.Read(ref catalog);

    /// <summary>Which node shall lead, as applied here.</summary>
    public LeaderPreference Preference => Volatile.Read(ref preference);

    /// <summary>Nodes that an operator added, as applied here.</summary>
    public NodeRegistry Registry => Volatile.Read(ref registry);

    /// <summary>What the system group says about the feature level, as applied here.</summary>
    public ClusterLevel ClusterLevel => Volatile.Read(ref clusterLevel);

    /// <inheritdoc/>
    public int Level => level;

    /// <inheritdoc/>
    public int PreferredLeader => Preference.Node;

    /// <summary>The replicas, by group.</summary>
    public ICollection<Replica> Replicas => replicas.Values;

    /// <summary>What is free on the node's volume.</summary>
    public DiskSpace Space { get; }

    /// <inheritdoc/>
    public bool DiskFull => logDiskFull || stateDiskFull || Space.IsShort;

    /// <summary>Whether the log's volume has no room; set by whoever flushes the log.</summary>
    public bool LogDiskFull
    {
        get => logDiskFull;
        set => logDiskFull = value;
    }

    /// <inheritdoc/>
    public bool StateDiskFull
    {
        set => stateDiskFull = value;
    }

    private bool MayFound { get; }

    /// <summary>Opens the node: its identity, its log, the system group and the data groups that it knows of.</summary>
    /// <exception cref="NodeStartException">The data directory is not this node's, or what it holds does not fit together.</exception>
    /// <exception cref="LogCorruptException">The log is damaged.</exception>
    public static NodeCore Open(NodeCoreOptions options, NodeDevices devices)
    {
        NodeOrigin origin = NodeOrigin.Determine(options, devices);
        WriteAheadLog wal = WriteAheadLog.Open(devices.Disk, NodeOrigin.LogDirectory(options), options.Log with { NewLogId = origin.Identity.Incarnation });
        NodeCore? core = null;
        try
        {
            core = new NodeCore(options, origin, wal, devices);
            core.CreateReplicas();
            return core;
        }
        catch
        {
            core?.Dispose();
            wal.Dispose();
            throw;
        }
    }

    /// <summary>The replica of a group; null when this node has none (yet).</summary>
    public Replica? Find(uint group) => replicas.GetValueOrDefault(group);

    /// <summary>Messages of a peer.</summary>
    /// <exception cref="MessageFormatException">The frame is damaged or of another version. It was counted; nothing of a damaged one was taken.</exception>
    public void Receive(ReadOnlyMemory<byte> frame)
    {
        try
        {
            Trace.Clock.Merge(FrameCodec.Open(frame, out ReadOnlyMemory<byte> messages));
            levels.Heard(FrameCodec.SenderOf(frame.Span), FrameCodec.LevelsOf(frame.Span));
            foreach ((uint group, Message message) in MessageCodec.Read(messages))
            {
                if (message.To == options.Node)
                {
                    Find(group)?.Receive(message);
                }
            }
        }
        catch (MessageFormatException)
        {
            Interlocked.Increment(ref droppedFrames);
            Trace.Record(TraceKind.FrameDropped, TraceEvent.NodeLevel, peer: FrameCodec.SenderOf(frame.Span), first: (ulong)frame.Length);
            throw;
        }
    }

    /// <summary>Has every group look at the clock; due every <see cref="ReplicaSettings.TickInterval"/>.</summary>
    public void Tick()
    {
        Space.Look();
        foreach (Replica replica in Replicas)
        {
            replica.Tick();
        }

        if (Find(0) is not { } system)
        {
            return;
        }

        if (Catalog.IsFounded)
        {
            system.Do(KeepLevel);
        }
        else
        {
            system.Do(founder.Tick);
        }
    }

    /// <summary>Has the feature level raised as far as all members know. The answer comes from the system group's loop.</summary>
    public void RaiseLevel(Action<RaiseOutcome> done)
    {
        if (Find(0) is { } system)
        {
            system.Do(r => levels.Raise(r, ClusterLevel, done));
        }
        else
        {
            done(RaiseOutcome.NotAgreed);
        }
    }

    /// <summary>The log has been flushed: promises that waited for it can be kept.</summary>
    public void LogFlushed()
    {
        foreach (Replica replica in Replicas)
        {
            replica.LogFlushed();
        }
    }

    /// <summary>
    /// Makes the state durable and drops the log that it makes superfluous. Blocks on the disk: called beside the loops.
    /// </summary>
    public void Checkpoint()
    {
        List<(Replica Replica, ReplicaStatus Status)> reached = FlushState();
        uint? pinning = Log.SegmentCount > options.MaxSegments ? Log.OldestPinningGroup : null;
        foreach ((Replica replica, ReplicaStatus status) in reached)
        {
            ulong keep = replica.Group == pinning ? 0 : (ulong)options.SnapshotInterval;
            ulong upTo = Math.Min(status.Applied.Index, status.LastIndex > keep ? status.LastIndex - keep : 0);
            if (upTo >= status.FirstIndex)
            {
                replica.Do(r => r.Compact(upTo));
            }
        }

        Log.RemoveObsoleteSegments();
    }

    /// <summary>Makes the state durable, and remembers how far it was.</summary>
    /// <returns>The replicas as they stood before: what they had applied is durable.</returns>
    public List<(Replica Replica, ReplicaStatus Status)> FlushState()
    {
        var reached = new List<(Replica Replica, ReplicaStatus Status)>();
        foreach (Replica replica in Replicas)
        {
            reached.Add((replica, replica.Status));
        }

        engine.Flush();
        foreach ((Replica replica, ReplicaStatus status) in reached)
        {
            replica.DurableIndex = status.Applied.Index;
        }

        // There is room; entries that could not be applied for want of it are tried again and say if there still is none.
        stateDiskFull = false;
        return reached;
    }

    /// <inheritdoc/>
    public bool MayJoin(int node) => options.Peers.Contains(node) || Registry.Addresses.ContainsKey(node);

    /// <inheritdoc/>
    public void Schedule(Replica replica) => scheduler.Schedule(replica);

    /// <inheritdoc/>
    public void LogAppended() => scheduler.LogAppended();

    /// <inheritdoc/>
    public void BelongsTo(ulong clusterId)
    {
        lock (identityGate)
        {
            if (identity.ClusterId == clusterId && identity.ClusterName.Length > 0)
            {
                return;
            }

            if (identity.ClusterId != 0 && identity.ClusterId != clusterId)
            {
                throw new NodeStartException($"Node {options.Node} belongs to the cluster {identity.ClusterId:x16} but was sent the configuration of the cluster {clusterId:x16}: two clusters use the same addresses. Correct the peers in the configuration files.");
            }

            NodeIdentity joined = identity with { ClusterId = clusterId, ClusterName = options.ClusterName };
            joined.Save(disk, options.DataDirectory);
            Volatile.Write(ref identity, joined);
        }
    }

    /// <inheritdoc/>
    public void LeaderChanged(Replica replica, int leader, ulong term) => scheduler.LeaderChanged(replica.Group, leader);

    /// <inheritdoc/>
    public void SnapshotWaits(uint group) => scheduler.SnapshotWaits(group);

    /// <inheritdoc/>
    public void SnapshotInstalled(Replica replica, LogPosition position) => scheduler.SnapshotInstalled(replica.Group, position);

    /// <inheritdoc/>
    public void Verified(TimeSpan took) => scheduler.Verified(took);

    /// <inheritdoc/>
    public void Undecided(Divergence divergence) => scheduler.Undecided(divergence);

    /// <inheritdoc/>
    public void Diverged(Replica replica, Divergence divergence) => scheduler.Diverged(divergence);

    /// <inheritdoc/>
    public void StateChanged(Replica replica)
    {
        if (replica.Group != 0)
        {
            return;
        }

        ReadDecisions(replica.State);
        if (!Catalog.IsFounded && ReadCatalog(replica.State) is { } read)
        {
            Volatile.Write(ref catalog, read);
            CreateDataGroups();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Replica replica in Replicas)
        {
            replica.Dispose();
        }

        Log.Dispose();
    }

    private void CreateReplicas()
    {
        // Not the node's own limits: all replicas must decide alike.
        var state = new StateMachine(engine, 0, new StateLimits(), cache);
        Check(state);
        Replica system = Create(0, state);
        replicas[0] = system;
        ReadDecisions(state);
        if (ReadCatalog(state) is { } read)
        {
            catalog = read;
            CreateDataGroups();
        }

        // What recovery appended to the log counts as durable from here on.
        Log.Flush();
    }

    /// <summary>What operators decided. The system group changes rarely, so it is read whenever it does.</summary>
    private void ReadDecisions(StateMachine state)
    {
        Volatile.Write(ref preference, state.Get(LeaderPreference.Key) is { } preferred ? LeaderPreference.Decode(preferred) : LeaderPreference.None);
        Volatile.Write(ref registry, state.Get(NodeRegistry.Key) is { } registered ? NodeRegistry.Decode(registered) : NodeRegistry.Empty);
        Volatile.Write(ref clusterLevel, state.Get(ClusterLevel.Key) is { } said ? ClusterLevel.Decode(said) : ClusterLevel.Unset);
        if (ClusterLevel.Level > 0)
        {
            ReachLevel(ClusterLevel.Level);
        }
    }

    /// <summary>
    /// Works at the cluster's level from here on. The identity says so first: an older version that is started here later must notice before it touches anything.
    /// </summary>
    private void ReachLevel(int reached)
    {
        lock (identityGate)
        {
            // The state may be that of an earlier applied index than the identity knows of.
            reached = Math.Max(reached, identity.Level);
            FeatureLevelException.ThrowUnlessIn(options.Node, reached, options.Levels);
            if (reached > identity.Level)
            {
                NodeIdentity raised = identity with { Level = reached };
                raised.Save(disk, options.DataDirectory);
                Volatile.Write(ref identity, raised);
            }
        }

        level = reached;
    }

    private void KeepLevel(Replica system) => levels.Tick(system, ClusterLevel);

    private SystemCatalog? ReadCatalog(StateMachine state)
    {
        if (state.Get(SystemCatalog.Key) is not { } value)
        {
            return null;
        }

        SystemCatalog read = SystemCatalog.Decode(value);
        return string.Equals(read.Name, options.ClusterName, StringComparison.Ordinal)
            ? read
            : throw new NodeStartException($"The data directory {options.DataDirectory} belongs to the cluster '{read.Name}', but the configuration file says [cluster] name = \"{options.ClusterName}\". Correct the name or use another data directory; nothing was changed.");
    }

    /// <summary>
    /// Begins the replicas of data groups that the catalogue names and that this node does not run yet. A founder starts from
    /// the first configuration; everybody else starts empty, without a vote, and is taken in by the group's leader.
    /// </summary>
    private void CreateDataGroups()
    {
        var begun = new List<(uint Group, StateMachine State)>();
        bool founded = false;
        foreach (GroupRecord record in Catalog.Groups)
        {
            if (replicas.ContainsKey(record.Id))
            {
                continue;
            }

            // Evaluated before Log.Group() makes the group known.
            bool isFounder = record.Founders.GetValueOrDefault(options.Node) == Identity.Incarnation && !Log.Groups.Contains(record.Id);
            var state = new StateMachine(engine, record.Id, Catalog.Limits, cache, slot => Catalog.GroupOf(slot) == record.Id);
            if (isFounder && state.Applied.Index == 0)
            {
                state.Bootstrap(FirstConfiguration(record), Founding);
                founded = true;
            }

            Check(state);
            begun.Add((record.Id, state));
        }

        if (founded)
        {
            // The log must not say that a group began before the state says with which members.
            engine.Flush();
        }

        foreach ((uint group, StateMachine state) in begun)
        {
            Replica replica = Create(group, state);
            replicas[group] = replica;
            if (state.Applied == Founding && LeadershipKeeper.Preferred(group, state.Configuration, PreferredLeader) == options.Node)
            {
                // Nobody leads a group that begins: no election timeout has to pass before the one that leads it best asks for it.
                replica.Do(static r => r.Raft.Campaign());
            }
        }

        if (begun.Count > 0)
        {
            scheduler.LogAppended();
        }
    }

    private void Check(StateMachine state)
    {
        if (options.Replica.Verify && options.CheckStateAtBoot)
        {
            using GroupSnapshot view = state.OpenSnapshot();
            StateCheck.Run(view, DivergencePhase.Boot);
        }
    }

    private Configuration FirstConfiguration(GroupRecord record) => new()
    {
        ClusterId = Catalog.ClusterId,
        Voters = [.. record.Founders.Keys],
        Incarnations = record.Founders,
    };

    private Replica Create(uint group, StateMachine state)
    {
        GroupLog log = Log.Group(group);
        LogRecoveryRules.Reconcile(group, options.DataDirectory, log, state);
        RaftOptions raftOptions = options.Replica.Raft(options.Node, Identity.Incarnation, new Random(random.Next())) with
        {
            Peers = options.Peers,
            FoundingPeers = group == 0 && MayFound ? options.Peers : [],
            FoundingClusterId = (ulong)random.NextInt64(1, long.MaxValue),
        };
        var raft = new RaftNode(raftOptions, log, log.HardState, state.Configuration, state.Applied.Index);
        var parts = new ReplicaParts(group, options.Node, Identity.Incarnation, raft, log, Log, state, engine, Trace, timings?.Of(group));
        return new Replica(parts, options.Replica, time, transport, this);
    }
}

/// <summary>What a node runs on. The engine is opened after identity and log were found to be in order, so that a refusal changes nothing.</summary>
internal sealed record NodeDevices(
    IDisk Disk,
    Lazy<IStateEngine> Engine,
    TimeProvider Time,
    Random Random,
    IReplicaTransport Transport,
    INodeScheduler Scheduler,
    LamportClock Lamport)
{
    /// <summary>Where the steps of writes are measured; null: nowhere.</summary>
    public WriteTimings? Timings { get; init; }
}
