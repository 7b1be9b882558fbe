using Lattice.Grains.Access;

namespace Lattice.Grains;

/// <summary>Looks at the cluster from the silo that the caller is connected to; key 0. Needs no majority and no grain directory.</summary>
[Alias("lattice.node")]
public interface INodeGrain : IGrainWithIntegerKey
{
    /// <summary>Id of the node whose silo answers.</summary>
    [Alias("id")]
    [RequiresRole(LatticeRole.Read)]
    [ResponseTimeout("00:00:05")]
    ValueTask<int> Id();

    /// <summary>The state of every node, asked for in parallel; nodes that do not answer in time are reported as unreachable.</summary>
    [Alias("status")]
    [RequiresRole(LatticeRole.Read)]
    [ResponseTimeout("00:00:05")]
    ValueTask<ClusterStatus> Status(int timeoutMs);

    /// <summary>The cluster's shape: what a client needs to route.</summary>
    [Alias("topology")]
    [RequiresRole(LatticeRole.Read)]
    [ResponseTimeout("00:00:05")]
    ValueTask<ClusterTopology> Topology();

    /// <summary>Injects a fault into a node, to rehearse what to do about it; refused unless its configuration allows it.</summary>
    /// <param name="node">The node.</param>
    /// <param name="kind">memory, cache, disk, command or protocol.</param>
    /// <param name="group">The group.</param>
    /// <param name="who">Who asks for it, for the log.</param>
    [Alias("drill")]
    [ResponseTimeout("00:00:10")]
    ValueTask<DrillReply> Drill(int node, string kind, uint group, string who);

    /// <summary>What happened lately, as one story.</summary>
    /// <param name="node">On this node; 0: on all members that answer.</param>
    /// <param name="group">In this group and to nodes as a whole; null: in all.</param>
    /// <param name="last">How many events: the newest.</param>
    /// <param name="timeoutMs">Milliseconds after which a node counts as unreachable.</param>
    [Alias("trace")]
    [RequiresRole(LatticeRole.Read)]
    [ResponseTimeout("00:00:10")]
    ValueTask<TraceStory> Trace(int node, uint? group, int last, int timeoutMs);

    /// <summary>Has a node check everything that it holds, or tells how far it is.</summary>
    /// <param name="node">The node.</param>
    /// <param name="begin">Whether to begin; asked for while it runs, it goes on.</param>
    [Alias("verify")]
    [ResponseTimeout("00:00:05")]
    ValueTask<VerifyProgress> Verify(int node, bool begin);

    /// <summary>The latest incidents of all groups.</summary>
    [Alias("incidents")]
    [ResponseTimeout("00:00:10")]
    [RequiresRole(LatticeRole.Read)]
    ValueTask<IncidentHistory> Incidents();

    /// <summary>Begins a backup of a node. One runs at a time; it ends with <see cref="BackupClose"/>, or when nobody asks for a part for a minute.</summary>
    /// <param name="node">The node.</param>
    /// <param name="id">What the backup is known by from here on: asked for twice, it is begun once.</param>
    /// <param name="who">Who asks for it, for the log.</param>
    [Alias("backup-open")]
    [ResponseTimeout("00:00:15")]
    ValueTask<BackupTicket> BackupOpen(int node, Guid id, string who);

    /// <summary>The next part of a backup, or the same once more: parts are numbered from 0.</summary>
    [Alias("backup-read")]
    [ResponseTimeout("00:00:30")]
    ValueTask<BackupPart> BackupRead(int node, Guid id, long number);

    /// <summary>Ends a backup.</summary>
    /// <param name="node">The node.</param>
    /// <param name="id">The backup.</param>
    /// <param name="isWhole">Whether it arrived, was checked and stands where it was meant to.</param>
    [Alias("backup-close")]
    [ResponseTimeout("00:00:05")]
    ValueTask BackupClose(int node, Guid id, bool isWhole);

    /// <summary>Asks a node to stop as it does on SIGTERM; false if it could not be reached.</summary>
    [Alias("stop")]
    [ResponseTimeout("00:00:05")]
    ValueTask<bool> Stop(int node);
}

/// <summary>How a drill was begun.</summary>
/// <param name="IsDone">Whether the fault was injected, or waits for its occasion.</param>
/// <param name="Message">What was done, or why it was refused and what to do.</param>
[GenerateSerializer, Immutable, Alias("lattice.drill-reply")]
public sealed record DrillReply([property: Id(0)] bool IsDone, [property: Id(1)] string Message);

/// <summary>What a client needs to route.</summary>
[GenerateSerializer, Immutable, Alias("lattice.topology")]
public sealed record ClusterTopology
{
    /// <summary>The cluster's name.</summary>
    [Id(0)] public required string Name { get; init; }

    /// <summary>Identity of the cluster; 0 before it is founded.</summary>
    [Id(1)] public ulong ClusterId { get; init; }

    /// <summary>Group of each of the 16,384 slots, as runs: (first slot, group). Empty before the cluster is founded.</summary>
    [Id(2)] public IReadOnlyList<SlotRun> Slots { get; init; } = [];
}

/// <summary>Slots from <paramref name="First"/> up to the next run's belong to <paramref name="Group"/>.</summary>
[GenerateSerializer, Immutable, Alias("lattice.slot-run")]
public readonly record struct SlotRun([property: Id(0)] int First, [property: Id(1)] uint Group);

/// <summary>The cluster as one node sees it.</summary>
[GenerateSerializer, Immutable, Alias("lattice.cluster-status")]
public sealed record ClusterStatus
{
    /// <summary>The cluster's name.</summary>
    [Id(0)] public required string Name { get; init; }

    /// <summary>Identity of the cluster; 0 before it is founded.</summary>
    [Id(1)] public ulong ClusterId { get; init; }

    /// <summary>Node that answered.</summary>
    [Id(2)] public int AnsweredBy { get; init; }

    /// <summary>Every member, in order of node id.</summary>
    [Id(3)] public IReadOnlyList<NodeStatus> Nodes { get; init; } = [];
}

/// <summary>One node.</summary>
[GenerateSerializer, Immutable, Alias("lattice.node-status")]
public sealed record NodeStatus
{
    /// <summary>Node id.</summary>
    [Id(0)] public required int Node { get; init; }

    /// <summary>Whether it answered.</summary>
    [Id(1)] public bool Reachable { get; init; }

    /// <summary>Address for other silos, host:port.</summary>
    [Id(2)] public string Address { get; init; } = "";

    /// <summary>Seconds since the process started.</summary>
    [Id(3)] public double UptimeSeconds { get; init; }

    /// <summary>Version of the binary.</summary>
    [Id(4)] public string Version { get; init; } = "";

    /// <summary>Whether acknowledged writes are synced to disk (<c>sync_on_write</c>).</summary>
    [Id(5)] public bool SyncOnWrite { get; init; }

    /// <summary>Bytes used below the data directory.</summary>
    [Id(6)] public long DataBytes { get; init; }

    /// <summary>Bytes free on its volume.</summary>
    [Id(7)] public long FreeBytes { get; init; }

    /// <summary>Its replica of every group, in order of group.</summary>
    [Id(8)] public IReadOnlyList<GroupStatus> Groups { get; init; } = [];

    /// <summary>How it sees the other nodes.</summary>
    [Id(9)] public IReadOnlyList<PeerLink> Peers { get; init; } = [];

    /// <summary>Size of that volume, in bytes.</summary>
    [Id(20)] public long VolumeBytes { get; init; }

    /// <summary>Bytes that have to be free on it for writes to be taken (<c>reserve_mb</c>).</summary>
    [Id(21)] public long ReserveBytes { get; init; }

    /// <summary>Whether the node refuses writes because its volume has no room.</summary>
    [Id(22)] public bool HasNoRoom { get; init; }

    /// <summary>What the verifiers found of the groups that this node leads, as it heard last.</summary>
    [Id(30)] public IReadOnlyList<VerifierReport> Verifiers { get; init; } = [];

    /// <summary>Feature level at which it works; 0: its version does not say.</summary>
    [Id(40)] public int Level { get; init; }

    /// <summary>The highest feature level that its binary knows; 0: its version does not say.</summary>
    [Id(41)] public int NewestLevel { get; init; }
}

/// <summary>One replica of one group.</summary>
[GenerateSerializer, Immutable, Alias("lattice.group-status")]
public sealed record GroupStatus
{
    /// <summary>Group; 0 is the system group.</summary>
    [Id(0)] public required uint Group { get; init; }

    /// <summary>Follower, PreCandidate, Candidate, Leader, Learner, Recovering or Removed.</summary>
    [Id(1)] public required string Role { get; init; }

    /// <summary>Raft term.</summary>
    [Id(2)] public ulong Term { get; init; }

    /// <summary>Leader as this replica knows it; 0: none.</summary>
    [Id(3)] public int Leader { get; init; }

    /// <summary>Commit index.</summary>
    [Id(4)] public ulong Commit { get; init; }

    /// <summary>Applied index.</summary>
    [Id(5)] public ulong Applied { get; init; }

    /// <summary>Last index of its log.</summary>
    [Id(6)] public ulong LastIndex { get; init; }

    /// <summary>Bytes of its live log.</summary>
    [Id(7)] public long LogBytes { get; init; }

    /// <summary>Voters by node id.</summary>
    [Id(8)] public IReadOnlyList<int> Voters { get; init; } = [];

    /// <summary>Learners by node id.</summary>
    [Id(9)] public IReadOnlyList<int> Learners { get; init; } = [];

    /// <summary>
    /// How its state stands to those of the others: Agrees, Unproven (nobody has confirmed it since it started), Arbitrating (differs from another one, all are being asked),
    /// NoMajority (differs, and no majority says which is right), Diverged (found to be wrong, has stopped) or Off; empty from versions that do not tell.
    /// </summary>
    [Id(10)] public string Verification { get; init; } = "";

    /// <summary>Last entry after which another replica had the same state; 0: none since it started.</summary>
    [Id(11)] public ulong AgreedIndex { get; init; }

    /// <summary>Whether callers are answered from its state.</summary>
    [Id(12)] public bool Serves { get; init; } = true;
}

/// <summary>How one node sees another.</summary>
[GenerateSerializer, Immutable, Alias("lattice.peer-link")]
public sealed record PeerLink
{
    /// <summary>The other node.</summary>
    [Id(0)] public required int Node { get; init; }

    /// <summary>Round trip in microseconds, a moving average; 0 when unknown.</summary>
    [Id(1)] public double RoundTripUs { get; init; }

    /// <summary>Sends that failed since the start.</summary>
    [Id(2)] public long FailedSends { get; init; }

    /// <summary>Whether a message came from it within the last election timeout.</summary>
    [Id(3)] public bool Alive { get; init; }
}
