using System.IO.Hashing;
using Lattice.Core.Consensus;
using Lattice.Core.Disk;
using Lattice.Core.Replication;
using Lattice.Core.State;
using Lattice.Core.Upgrade;
using Lattice.Core.Verification;
using Lattice.Simulation.Runtime;
using Lattice.Simulation.State;

namespace Lattice.Simulation.Cluster;

/// <summary>
/// One process of a node, from its start to its death: the product's own <see cref="NodeCore"/>, which gets its turns,
/// its ticks and its flushes from the event queue in place of threads.
/// </summary>
internal sealed class NodeProcess : INodeScheduler, IReplicaTransport
{
    private const int FrameBytes = 256;

    // Virtual microseconds until all replicas of a node have run after a tick.
    private const long LongestRunOfTick = 200;

    private readonly SimulatedCluster _cluster;
    private readonly Machine _machine;
    private readonly List<Action> _held = [];
    private readonly Dictionary<Replica, long> _wakes = [];
    private readonly Dictionary<int, List<(uint Group, Message Message)>> _canWait = [];
    private NodeCore? _core;
    private bool _dead;
    private bool _paused;
    private bool _tickHeld;
    private bool _flushing;
    private long _lastSync;

    public NodeProcess(SimulatedCluster cluster, Machine machine)
    {
        _cluster = cluster;
        _machine = machine;
        Lamport = new LamportClock(machine.Clock);
    }

    /// <summary>The node's logical clock.</summary>
    public LamportClock Lamport { get; }

    /// <summary>The node.</summary>
    public NodeCore Core => _core ?? throw new SimulationFailure($"Node {_machine.Id} is used before it has started.");

    public Machine Machine => _machine;

    /// <summary>Whether it runs, be it paused.</summary>
    public bool Alive => !_dead && _core is not null;

    /// <summary>Whether it is paused.</summary>
    public bool Paused => _paused;

    /// <summary>Opens the node; throws what the product throws when it cannot start.</summary>
    public void Start()
    {
        SimulatedStateEngine engine = _machine.Store.Open();
        _core = NodeCore.Open(
            _cluster.OptionsOf(_machine),
            new NodeDevices(_machine.Disk, new Lazy<IStateEngine>(() => engine), _machine.Clock, _machine.Random.Fork(), this, this, Lamport));
        ScheduleTick();
        ScheduleCheckpoint();
        ScheduleIdleWork();
    }

    /// <summary>The process is gone; nothing of it happens any more.</summary>
    public void Die()
    {
        _dead = true;
        _held.Clear();
    }

    /// <summary>Stops the process as SIGSTOP does: what comes in waits.</summary>
    public void Pause() => _paused = true;

    /// <summary>Lets it go on, with everything that has come in meanwhile.</summary>
    public void Resume()
    {
        _paused = false;
        _tickHeld = false;
        Action[] held = [.. _held];
        _held.Clear();
        if (_machine.Random.Chance(0.5))
        {
            // They wait in the buffers of different connections, and in which order those are read is nobody's promise.
            _machine.Random.Mix(held);
        }

        foreach (Action action in held)
        {
            Enter(action);
        }
    }

    /// <summary>What the product does on SIGTERM, short of waiting for the heirs: hands leadership over, answers what waits, makes all durable.</summary>
    public void StopInOrder() => Enter(() =>
    {
        foreach (Replica replica in Core.Replicas)
        {
            replica.Do(r => r.Shutdown());
            replica.Run();
        }

        try
        {
            Core.Log.Flush();
            Core.LogFlushed();
            Core.Checkpoint();
            Core.Log.Seal();
        }
        catch (DiskFullException)
        {
            _cluster.Coverage.Count("node: stopped with a full disk");
        }

        Core.Dispose();
        _cluster.Stopped(_machine);
    });

    /// <summary>Lets the process do something, if it lives; when it fails at it, it dies.</summary>
    public void Enter(Action action)
    {
        if (_dead)
        {
            return;
        }

        if (_paused)
        {
            _held.Add(action);
            return;
        }

        try
        {
            action();
        }
        catch (Exception) when (_machine.Power.Off)
        {
            _cluster.Interrupted(_machine);
        }
        catch (Exception e) when (e is DiskFailedException or DiskFullException)
        {
            // The product stops a node whose disk failed: what of its writes is durable is unknown.
            _cluster.Coverage.Count(e is DiskFullException ? "node: died of a full disk" : "node: died of a failed disk");
            _cluster.Trace.Line(_machine.Id, $"{e}");
            _cluster.ProcessDied(_machine, e.Message);
        }
        catch (Exception e) when (e is CatalogFormatException or FeatureLevelException && _machine.Corruption is not null)
        {
            _cluster.Unreadable(_machine, e);
        }
        catch (Exception e) when (e is not SimulationFailure)
        {
            throw new SimulationFailure($"Node {_machine.Id} failed: {e.Message}", e);
        }
    }

    /// <summary>A frame comes in. One that was damaged on its way must be noticed and not be taken, and no other one.</summary>
    public void Receive(byte[] frame, bool damaged)
    {
        try
        {
            Core.Receive(frame);
        }
        catch (MessageFormatException e) when (damaged)
        {
            _cluster.Coverage.Count("node: dropped a damaged frame");
            _cluster.Trace.Line(_machine.Id, $"{e.Message}");
            return;
        }

        if (damaged)
        {
            throw new SimulationFailure($"Node {_machine.Id} took a frame in which a bit was flipped.");
        }
    }

    void INodeScheduler.Schedule(Replica replica) => After(_machine.Random.Between(2L, 40L), () => Run(replica));

    void INodeScheduler.LogAppended() => ScheduleWrite(_machine.Random.Between(2L, 40L));

    void INodeScheduler.LeaderChanged(uint group, int leader) =>
        _cluster.Trace.Line(_machine.Id, $"group {group}: the leader is {leader}");

    void INodeScheduler.SnapshotWaits(uint group)
    {
        _cluster.Coverage.Count("node: snapshots that waited for room");
        _cluster.Trace.Line(_machine.Id, $"group {group}: a snapshot waits for room");
    }

    void INodeScheduler.SnapshotInstalled(uint group, LogPosition position)
    {
        _cluster.Coverage.Count("node: snapshots installed");
        _cluster.Trace.Line(_machine.Id, $"group {group}: a snapshot at {position.Index} is installed");
    }

    void INodeScheduler.Verified(TimeSpan took) => _cluster.Coverage.Count("node: batches verified");

    void INodeScheduler.Undecided(Divergence divergence) => _cluster.Coverage.Count("node: differences that no majority decided");

    void INodeScheduler.Diverged(Divergence divergence) => _cluster.Diverged(_machine, divergence);

    void IReplicaTransport.Flush()
    {
        // What somebody waits for is on its way at once, and what does not goes with it.
    }

    void IReplicaTransport.Send(uint group, Message message)
    {
        if (!_canWait.TryGetValue(message.To, out List<(uint Group, Message Message)>? waiting))
        {
            _canWait[message.To] = waiting = [];
        }

        waiting.Add((group, message));
        if (!message.CanWait)
        {
            SendNow(waiting);
        }
    }

    void IReplicaTransport.FlushAll()
    {
        foreach (List<(uint Group, Message Message)> waiting in _canWait.Values)
        {
            SendNow(waiting);
        }
    }

    private void SendNow(List<(uint Group, Message Message)> messages)
    {
        messages.ForEach(next => SendNow(next.Group, next.Message));
        messages.Clear();
    }

    private void SendNow(uint group, Message message)
    {
        message = _cluster.Break.Rewrite(message) ?? message;
        FrameWriter writer = new(FrameBytes);
        writer.Add(group, message);
        byte[] frame = writer.Seal(_machine.Id, Lamport).ToArray();
        _cluster.Trace.Mix(XxHash3.HashToUInt64(frame), (ulong)_machine.Id);
        if (message.Kind is not (MessageKind.Heartbeat or MessageKind.HeartbeatReply))
        {
            _cluster.Trace.Line(_machine.Id, $"group {group}: {MessageText.Describe(message)}");
        }

        _cluster.SendFrame(_machine.Id, group, message, frame);
    }

    private void After(long delay, Action action) => _cluster.Clock.After(delay, () => Enter(action));

    private void Run(Replica replica)
    {
        replica.Run();
        if (_dead)
        {
            return;
        }

        if (replica.KeepsStill)
        {
            _cluster.Coverage.Count("node: turns in which a replica kept still, its state ahead of its log");
        }

        if (_machine.Corruption is null)
        {
            _cluster.Monitor.Ran(this, replica);
        }

        if (replica.WakeAt != long.MaxValue && _wakes.GetValueOrDefault(replica, long.MaxValue) > replica.WakeAt)
        {
            long wake = replica.WakeAt;
            _wakes[replica] = wake;
            _cluster.Clock.At(_machine.Clock.WhenReached(wake), () => Enter(() =>
            {
                _wakes.Remove(replica);
                Run(replica);
            }));
        }
    }

    private void ScheduleWrite(long delay)
    {
        if (!_flushing)
        {
            _flushing = true;
            After(delay, Write);
        }
    }

    /// <summary>The first half of a flush: what is pending goes to the disk, which may lose it until it is synced.</summary>
    private void Write()
    {
        try
        {
            Core.Log.Write();
            Core.LogDiskFull = false;
        }
        catch (DiskFullException)
        {
            // As the product's log writer: what was written before is synced, the rest is tried again when there may be room.
            Core.LogDiskFull = true;
            _cluster.Coverage.Count("node: log refused, disk full");
        }

        After(_machine.Random.Exponential(_machine.SyncTime), Sync);
    }

    /// <summary>The second half, some time later: what has been appended meanwhile is not part of it.</summary>
    private void Sync()
    {
        if (Core.Log.Options.SyncOnWrite || _cluster.Clock.Now - _lastSync >= (long)Core.Log.Options.SyncInterval.TotalMicroseconds)
        {
            Core.Log.Sync();
            _lastSync = _cluster.Clock.Now;
        }

        Core.LogFlushed();
        _flushing = false;
        if (Core.Log.HasPending)
        {
            ScheduleWrite(Core.DiskFull ? _machine.Random.Between(50L, 1_000L) * VirtualClock.Millisecond : _machine.Random.Between(2L, 40L));
        }
    }

    private void ScheduleTick()
    {
        double interval = _cluster.Profile.Replica.TickInterval.TotalMicroseconds / _machine.Clock.Rate;
        _cluster.Clock.After((long)interval, () =>
        {
            if (_dead)
            {
                return;
            }

            ScheduleTick();
            if (_paused && _tickHeld)
            {
                return;
            }

            // A stopped process gets one tick for all that it missed, as a timer would give it.
            _tickHeld = _paused;
            Enter(() =>
            {
                Core.Tick();
                After(LongestRunOfTick, ((IReplicaTransport)this).FlushAll);
            });
        });
    }

    private void ScheduleCheckpoint() => After(_machine.Random.Exponential(_cluster.Profile.CheckpointInterval), () =>
    {
        ScheduleCheckpoint();
        try
        {
            Core.Checkpoint();
        }
        catch (DiskFullException)
        {
            _cluster.Coverage.Count("node: checkpoint refused, disk full");
        }
    });

    /// <summary>What the log's threads do beside flushing.</summary>
    private void ScheduleIdleWork() => After(_machine.Random.Exponential(500 * VirtualClock.Millisecond), () =>
    {
        ScheduleIdleWork();
        try
        {
            if (Core.Log.WantsNextSegment)
            {
                Core.Log.PrepareNextSegment();
            }

            if (!Core.Log.IsSealed && _machine.Random.Chance(0.3))
            {
                Core.Log.Seal();
                Core.LogFlushed();
            }
        }
        catch (DiskFullException)
        {
            _cluster.Coverage.Count("node: log refused, disk full");
        }
    });
}
