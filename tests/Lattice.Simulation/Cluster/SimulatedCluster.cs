using Lattice.Core.Consensus;
using Lattice.Core.Disk;
using Lattice.Core.Log;
using Lattice.Core.Replication;
using Lattice.Core.State;
using Lattice.Core.Upgrade;
using Lattice.Core.Verification;
using Lattice.Simulation.Breaks;
using Lattice.Simulation.Clients;
using Lattice.Simulation.Faults;
using Lattice.Simulation.Network;
using Lattice.Simulation.Runtime;

namespace Lattice.Simulation.Cluster;

/// <summary>A whole cluster: machines, the processes on them, the network between them, and the door for clients.</summary>
internal sealed class SimulatedCluster : ICluster
{
    private readonly SortedDictionary<int, Machine> _machines = [];
    private readonly SeededRandom _random;
    private List<int> _peers;

    public SimulatedCluster(ClusterProfile profile, DeliberateBreak deliberateBreak, VirtualClock clock, SeededRandom random, Trace trace, Coverage coverage)
    {
        Profile = profile;
        Clock = clock;
        Trace = trace;
        Coverage = coverage;
        _random = random;
        Break = deliberateBreak;
        Network = new SimulatedNetwork(clock, random.Fork(), coverage) { Default = profile.Network };
        Monitor = new SafetyMonitor(trace, coverage);
        _peers = [.. Enumerable.Range(1, profile.Nodes)];
        foreach (int node in _peers)
        {
            AddMachine(node);
        }
    }

    public ClusterProfile Profile { get; }

    public VirtualClock Clock { get; }

    public Trace Trace { get; }

    public Coverage Coverage { get; }

    public SimulatedNetwork Network { get; }

    public SafetyMonitor Monitor { get; }

    /// <summary>The rule that is broken on purpose, if any.</summary>
    public DeliberateBreak Break { get; }

    /// <summary>Machines, by node id.</summary>
    public IReadOnlyCollection<Machine> Machines => _machines.Values;

    /// <summary>Groups: the system group and the data groups.</summary>
    public IEnumerable<uint> Groups => Enumerable.Range(0, Profile.Shards + 1).Select(g => (uint)g);

    public IReadOnlyList<int> Gateways => _peers;

    public Machine this[int node] => _machines[node];

    public uint GroupOf(int slot) => (uint)(((long)slot * Profile.Shards / 16_384) + 1);

    /// <summary>Settings of a node, as its configuration file has them.</summary>
    public NodeCoreOptions OptionsOf(Machine machine) => Break.Change(new NodeCoreOptions
    {
        DataDirectory = machine.DataDirectory,
        Node = machine.Id,
        Peers = [.. _peers],
        Shards = Profile.Shards,
        Replica = Profile.Replica,
        Log = Profile.Log,
        CacheSize = Profile.CacheSize,
        SnapshotInterval = Profile.SnapshotInterval,
        ReserveBytes = Profile.ReserveBytes,
        MaxSegments = 4,
        TraceCapacity = 4_096,
    });

    /// <summary>Builds another machine and puts it into every configuration file; the processes read theirs when they start.</summary>
    public Machine AddNode()
    {
        int node = _peers.Max() + 1;
        _peers = [.. _peers, node];
        return AddMachine(node);
    }

    /// <summary>Starts every machine that is down and not kept down.</summary>
    public void StartAll()
    {
        foreach (Machine machine in Machines)
        {
            Start(machine);
        }
    }

    /// <summary>Starts the node on a machine, if it is down.</summary>
    public void Start(Machine machine)
    {
        if (machine.Process is not null || machine.KeptDown)
        {
            return;
        }

        machine.Power.TurnOn();
        machine.Starts++;
        NodeProcess process = new(this, machine);
        machine.Process = process;
        try
        {
            process.Start();
            Trace.Line(machine.Id, $"starts, incarnation {process.Core.Identity.Incarnation:x}");
            Coverage.Count("node: starts");
        }
        catch (Exception) when (machine.Power.Off)
        {
            Interrupted(machine);
        }
        catch (StateDivergenceException e)
        {
            Diverged(machine, e.Divergence);
        }
        catch (Exception e) when (e is StateFormatException or CatalogFormatException or FeatureLevelException && machine.Corruption is not null)
        {
            Unreadable(machine, e);
        }
        catch (Exception e) when (e is LogCorruptException or NodeStartException && machine.Damaged)
        {
            // What the message tells the operator to do.
            Trace.Line(machine.Id, $"refuses to start: {e.Message}");
            Coverage.Count("node: refused a damaged disk");
            machine.ProcessDied();
            machine.Wipe();
            Clock.After(200 * VirtualClock.Millisecond, () => Start(machine));
        }
        catch (Exception e) when (e is DiskFullException or DiskFailedException)
        {
            ProcessDied(machine, e.Message);
        }
        catch (Exception e) when (e is not SimulationFailure)
        {
            throw new SimulationFailure($"Node {machine.Id} does not start: {e.Message}", e);
        }
    }

    /// <summary>The machine's power fails now.</summary>
    public void PowerLost(Machine machine, string why)
    {
        Trace.Line(machine.Id, $"loses its power {why}");
        Coverage.Count("fault: power lost");
        machine.Process?.Die();
        machine.PowerLost();
        RestartLater(machine);
    }

    /// <summary>The machine stopped in the middle of an operation: its power failed, or its process was killed there.</summary>
    public void Interrupted(Machine machine)
    {
        if (machine.Random.Chance(0.4))
        {
            machine.Power.TurnOn();
            ProcessDied(machine, "killed in the middle of writing");
        }
        else
        {
            PowerLost(machine, "in the middle of writing");
        }
    }

    /// <summary>A replica of the node was found to be wrong: the node stops, and its operator has it learn everything anew from the others.</summary>
    public void Diverged(Machine machine, Divergence divergence)
    {
        if (machine.Corruption is not { } corruption)
        {
            throw new SimulationFailure($"Node {machine.Id} raises an alarm though nothing was corrupted: {divergence.Kind} in phase {divergence.Phase}: {divergence.Message} {string.Join("; ", divergence.Digests.Select(d => $"node {d.Node} at {d.Index}: {d.Digest:x32}"))}");
        }

        LearnsAnew(machine, corruption, $"{divergence.Kind} in phase {divergence.Phase}", $"stops: {divergence.Message}");
    }

    private void LearnsAnew(Machine machine, Corruption corruption, string noticedBy, string why)
    {
        CorruptionSummary.Noticed(Coverage, corruption.Kind, noticedBy);
        machine.Corruption = null;
        ProcessDied(machine, why);
        machine.Wipe();
    }

    /// <summary>The node stops because it cannot read what is stored, and its operator has it learn everything anew from the others.</summary>
    public void Unreadable(Machine machine, Exception e) => LearnsAnew(machine, machine.Corruption!, "something stored that cannot be read", e.Message);

    /// <summary>Two replicas differ, the third was lost, and the operator, who knows which of the two is wrong, has it learn everything anew.</summary>
    public void DecidedAgainst(Machine machine) => LearnsAnew(machine, machine.Corruption!, "a difference that no majority decided", "its operator decides that it is wrong");

    /// <summary>The node's process dies now, be it of kill -9.</summary>
    public void ProcessDied(Machine machine, string why)
    {
        Trace.Line(machine.Id, $"dies: {why}");
        Coverage.Count("fault: process died");
        machine.Process?.Die();
        machine.ProcessDied();
        RestartLater(machine);
    }

    /// <summary>The node's process ended in order.</summary>
    public void Stopped(Machine machine)
    {
        Trace.Line(machine.Id, $"has stopped");
        machine.Process?.Die();
        machine.ProcessDied();
        RestartLater(machine);
    }

    /// <summary>Has something done in the loop of a node's replica of a group, if it runs.</summary>
    public void Do(int node, uint group, Action<Replica> action)
    {
        if (_machines[node].Process is { Alive: true } process)
        {
            process.Enter(() => process.Core.Find(group)?.Do(action));
        }
    }

    /// <summary>The replica that leads the group in the highest term, as far as replicas that run say so; null: none.</summary>
    public ReplicaStatus? LeaderOf(uint group, out int node)
    {
        ReplicaStatus? best = null;
        node = 0;
        foreach (Machine machine in Machines)
        {
            if (machine.Process is { Alive: true } process && process.Core.Find(group)?.Status is { Role: RaftRole.Leader } status && (best is null || status.Term > best.Term))
            {
                best = status;
                node = machine.Id;
            }
        }

        return best;
    }

    public void SendFrame(int from, uint group, Message message, byte[] frame)
    {
        Coverage.Count($"message: {message.Kind}");
        if (!Break.Drops(group, message) && _machines.TryGetValue(message.To, out Machine? target))
        {
            Network.SendFrame(from, message.To, frame, (received, damaged) =>
            {
                if (target.Process is { Alive: true } process)
                {
                    process.Enter(() => process.Receive(received, damaged));
                }
            });
        }
    }

    public void Call(int node, CallKind kind, uint group, ReadOnlyMemory<byte> payload, Action<Reply> reply)
    {
        Machine machine = _machines[node];
        Network.Send(0, node, payload.Length, mayDuplicate: false, () =>
        {
            if (machine.Process is not { Alive: true } process)
            {
                // The connection is refused.
                Answer(node, new Reply(ReplyStatus.Unavailable), reply);
                return;
            }

            process.Enter(() => Serve(process, kind, group, payload, outcome => Answer(node, outcome, reply)));
        });
    }

    private void Serve(NodeProcess process, CallKind kind, uint group, ReadOnlyMemory<byte> payload, Action<Reply> reply)
    {
        if (process.Core.Find(group) is not { } replica)
        {
            reply(new Reply(ReplyStatus.Unavailable));
            return;
        }

        if (kind == CallKind.Write)
        {
            replica.Write(Break.RewriteWrite(payload), outcome => reply(Translate(outcome)));
        }
        else
        {
            bool linearizable = kind == CallKind.LinearizableQuery && !Break.AnswersLocally(replica);
            replica.Query(payload, linearizable, outcome => reply(Translate(outcome)));
        }
    }

    private void Answer(int node, Reply answer, Action<Reply> reply) =>
        Network.Send(node, 0, answer.Payload.Length + 32, mayDuplicate: false, () => reply(answer));

    private static Reply Translate(Outcome outcome) => outcome.Kind switch
    {
        OutcomeKind.Done => new Reply(ReplyStatus.Ok, outcome.Result, outcome.Leader),
        OutcomeKind.NotLeader => new Reply(ReplyStatus.NotLeader, default, outcome.Leader),
        OutcomeKind.Overloaded => new Reply(ReplyStatus.Overloaded, default, outcome.Leader),
        OutcomeKind.Unknown => new Reply(ReplyStatus.Unknown, default, outcome.Leader),
        OutcomeKind.DiskFull => new Reply(ReplyStatus.DiskFull, default, outcome.Leader),
        OutcomeKind.NoSuchGroup or OutcomeKind.ShuttingDown or OutcomeKind.Diverged => new Reply(ReplyStatus.Unavailable),
        _ => throw new SimulationFailure($"A well-formed request was answered with {outcome.Kind}."),
    };

    private void RestartLater(Machine machine) =>
        Clock.After(_random.Between(100L, 3_000L) * VirtualClock.Millisecond, () => Start(machine));

    private Machine AddMachine(int node)
    {
        Machine machine = new(node, Clock, _random.Fork(), Coverage) { SyncTime = Profile.SyncTime };
        double skew = Profile.ClockSkew.TotalMilliseconds;
        machine.Clock.Skew = TimeSpan.FromMilliseconds((2 * skew * _random.NextDouble()) - skew);
        machine.Clock.Rate = 0.98 + (0.04 * _random.NextDouble());
        Break.Install(machine, Clock);
        _machines.Add(node, machine);
        return machine;
    }
}
