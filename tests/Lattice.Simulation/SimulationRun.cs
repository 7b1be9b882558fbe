using System.Globalization;
using Lattice.Core.Consensus;
using Lattice.Core.Replication;
using Lattice.Core.Verification;
using Lattice.Simulation.Breaks;
using Lattice.Simulation.Clients;
using Lattice.Simulation.Cluster;
using Lattice.Simulation.Faults;
using Lattice.Simulation.History;
using Lattice.Simulation.Runtime;

namespace Lattice.Simulation;

/// <summary>What a run is a function of.</summary>
internal sealed record RunOptions
{
    public required ulong Seed { get; init; }

    /// <summary>Commands and queries that the clients make.</summary>
    public int Operations { get; init; } = 2_000;

    /// <summary>Nodes; null: drawn from the seed.</summary>
    public int? Nodes { get; init; }

    /// <summary>Name of a rule to break on purpose.</summary>
    public string? Break { get; init; }

    /// <summary>Whether memory and disks are corrupted.</summary>
    public bool Corrupts { get; init; }

    /// <summary>The only kind of corruption; null: every kind.</summary>
    public string? OnlyCorruption { get; init; }

    /// <summary>Takes the lines of a readable trace.</summary>
    public Action<string>? Trace { get; init; }
}

/// <summary>How a run went.</summary>
internal sealed record RunReport(ulong Seed, string? Failure, ulong Fingerprint, TimeSpan VirtualTime, long Events, Coverage Coverage);

/// <summary>The life of one cluster from its founding to its end, and the judgement on it.</summary>
internal sealed class SimulationRun
{
    /// <summary>Longest that a run lets things go wrong, in virtual time.</summary>
    private const long LongestTrouble = 180 * VirtualClock.Second;

    /// <summary>Longest that the cluster may take to serve everybody once nothing is wrong any more.</summary>
    private const long Patience = 60 * VirtualClock.Second;

    /// <summary>Longest that it takes replicas to compare their states once nothing is wrong any more.</summary>
    private const long LongestComparison = 20 * VirtualClock.Second;

    /// <summary>Longest time to live that the clients use.</summary>
    private const long LongestLife = 3 * VirtualClock.Second;

    private readonly VirtualClock _clock = new();
    private readonly Coverage _coverage = new();
    private readonly Trace _trace;
    private readonly SimulatedCluster _cluster;
    private readonly Workload _workload;
    private readonly Nemesis _nemesis;
    private readonly List<SimulatedClient> _clients = [];
    private readonly SeededRandom _random;

    // What was corrupted and is not there any more. The end of the run says whether it did harm.
    private readonly List<string> _pastCorruptions = [];

    private SimulationRun(RunOptions options)
    {
        _random = new SeededRandom(options.Seed);
        _trace = new Trace(_clock, options.Trace);
        ClusterProfile profile = ClusterProfile.Draw(_random.Fork(), options.Nodes);
        WorkloadOptions load = WorkloadOptions.Draw(_random.Fork(), options.Operations);
        _trace.Line(0, $"seed {options.Seed}: {profile}");
        _trace.Line(0, $"{load}");
        _cluster = new SimulatedCluster(profile, DeliberateBreak.Create(options.Break), _clock, _random.Fork(), _trace, _coverage);
        long slack = 2 * (long)profile.ClockSkew.TotalMicroseconds;
        _workload = new Workload
        {
            Clock = _clock,
            Trace = _trace,
            Coverage = _coverage,
            Cluster = _cluster,
            Keys = new KeySpace([.. _cluster.Groups.Skip(1)], _cluster.GroupOf),
            History = new ClientHistory(slack),
            Options = load,
        };
        _nemesis = new Nemesis(_cluster, _random.Fork(), options.Corrupts ? [.. CorruptionFaults.All.Where(f => options.OnlyCorruption is null || f.Name == options.OnlyCorruption)] : []);
    }

    /// <summary>Makes the run; never throws for what the system under test does.</summary>
    public static RunReport Execute(RunOptions options)
    {
        SimulationRun run = new(options);
        string? failure = null;
        try
        {
            run.Live();
            run._pastCorruptions.ForEach(kind => CorruptionSummary.Harmless(run._coverage, kind));
        }
        catch (SimulationFailure e)
        {
            failure = e.InnerException is { } inner ? $"{e.Message}{Environment.NewLine}{inner}" : e.Message;
            run._trace.Line(0, $"FAILURE {failure}");
            foreach (string kind in run._pastCorruptions.Concat(run._cluster.Machines.Select(m => m.Corruption?.Kind).OfType<string>()))
            {
                CorruptionSummary.Unnoticed(run._coverage, kind);
            }
        }

        return new RunReport(options.Seed, failure, run._trace.Fingerprint, TimeSpan.FromMicroseconds(run._clock.Now), run._clock.Executed, run._coverage);
    }

    private void Live()
    {
        foreach (Machine machine in _cluster.Machines)
        {
            _clock.After(_random.Between(0L, 500L) * VirtualClock.Millisecond, () => _cluster.Start(machine));
        }

        for (int i = 1; i <= _workload.Options.Clients; i++)
        {
            SimulatedClient client = new(i, _workload, _random.Fork());
            _clients.Add(client);
            client.Start();
        }

        _nemesis.Start(_random.Pick([0L, 3L, 10L]) * VirtualClock.Second);
        _clock.RunUntil(LongestTrouble, () => _workload.OperationsLeft == 0);
        _workload.TakeOperations(int.MaxValue);
        _clock.RunUntil(_clock.Now + _random.Between(0L, 5L) * VirtualClock.Second);
        _nemesis.Stop();
        LookForCorruption();
        if (!_clock.RunUntil(_clock.Now + Patience, () => _clients.TrueForAll(c => c.Working == 0)))
        {
            throw new SimulationFailure($"The cluster makes no progress though nothing is wrong any more. Waiting: {string.Join("; ", _clients.SelectMany(c => c.UnderWay).Take(5))}.{Environment.NewLine}{Describe()}");
        }

        _clock.RunUntil(_clock.Now + LongestLife + (2 * (long)_cluster.Profile.ClockSkew.TotalMicroseconds) + VirtualClock.Second);
        ReadEverything();
        Converge();
        CausalOrder.Check(Story(), _coverage);
        _workload.History.Check();
    }

    /// <summary>Whatever was corrupted and is still there is found by a scrub, or, when nothing stored is wrong in itself, by comparing with the others.</summary>
    private void LookForCorruption()
    {
        foreach (Machine machine in _cluster.Machines)
        {
            CorruptionFaults.Scrub(_cluster, machine);
        }

        // What is not wrong in itself shows when the replicas have an entry in common.
        _clock.RunUntil(_clock.Now + LongestComparison, () => _cluster.Machines.All(m => m.Corruption is null));
        foreach (Machine machine in _cluster.Machines.Where(m => m.Corruption is not null))
        {
            if (machine.Process is { Alive: true } process && process.Core.Replicas.Any(r => IsLeftToOperators(machine, r.Status)))
            {
                _cluster.DecidedAgainst(machine);
                continue;
            }

            if (machine.Corruption!.IsThere())
            {
                throw new SimulationFailure($"Node {machine.Id} was corrupted ({machine.Corruption.Kind}) and does not notice.{Environment.NewLine}{Describe()}");
            }

            _pastCorruptions.Add(machine.Corruption.Kind);
            machine.Corruption = null;
            foreach (Replica replica in machine.Process?.Core.Replicas ?? [])
            {
                replica.Drills.Disarm();
            }
        }
    }

    /// <summary>
    /// Two differ, and a third one that could decide was lost, or can no more come to the entry at which they differ: where all others are intact, the replicas have to find out by
    /// themselves.
    /// </summary>
    private bool IsLeftToOperators(Machine machine, ReplicaStatus replica) =>
        replica.Verification == VerificationState.NoMajority
        && (!Losses.AllIntact(_cluster, replica.Group, replica, except: machine.Id) || replica.Configuration.Voters.Any(node => IsBehindTheLog(node, replica)));

    /// <summary>Only a snapshot would help it, and who took that over has no opinion of its own.</summary>
    private bool IsBehindTheLog(int node, ReplicaStatus replica) =>
        _cluster[node].Process?.Core.Find(replica.Group) is { } other && other.Status.LastIndex + 1 < replica.FirstIndex;

    /// <summary>What all nodes remember, as one story.</summary>
    private CausalStory Story() =>
        CausalStory.Join(_cluster.Machines.Where(m => m.Process is { Alive: true }).Select(m => m.Process!.Core.Trace.Read()));

    /// <summary>Every acknowledged write is still there, by a linearizable read of all keys at the end.</summary>
    private void ReadEverything()
    {
        SimulatedClient reader = new(_clients.Count + 1, _workload, _random.Fork());
        foreach (uint group in _workload.Keys.Groups)
        {
            reader.ReadAll(group);
        }

        if (!_clock.RunUntil(_clock.Now + Patience, () => reader.Working == 0))
        {
            throw new SimulationFailure($"The last reads are not answered.{Environment.NewLine}{Describe()}");
        }

        foreach (string key in _workload.Keys.Groups.SelectMany(g => _workload.Keys.Of(g).Mortal))
        {
            if (reader.LastSeen(key).Present)
            {
                throw new SimulationFailure($"{key} is still there long after its time to live: {reader.LastSeen(key)}.");
            }
        }
    }

    /// <summary>All replicas come to stand at the same entry, with the same state.</summary>
    private void Converge()
    {
        if (!_clock.RunUntil(_clock.Now + Patience, () => _cluster.Groups.All(IsSettled)))
        {
            throw new SimulationFailure($"The replicas do not become equal though nothing is wrong any more.{Environment.NewLine}{Describe()}");
        }

        LeadAsWanted();
        foreach (uint group in _cluster.Groups)
        {
            Machine first = _cluster.Machines.First();
            foreach (Machine machine in _cluster.Machines)
            {
                if (machine.Picture(group).Fingerprint() != first.Picture(group).Fingerprint())
                {
                    throw new SimulationFailure($"Group {group}: the states of nodes {first.Id} and {machine.Id} differ at the end:{Environment.NewLine}{first.Picture(group).DifferencesFrom(machine.Picture(group))}");
                }
            }
        }
    }

    /// <summary>The node that an operator wanted last comes to lead all groups; and stays the leader.</summary>
    private void LeadAsWanted()
    {
        int wanted = _cluster.Machines.First().Process!.Core.Preference.Node;
        if (wanted == 0)
        {
            return;
        }

        bool Leads() => _cluster.Groups.All(group => _cluster.LeaderOf(group, out int leader) is not null && leader == wanted);
        if (!_clock.RunUntil(_clock.Now + Patience, Leads) || _clock.RunUntil(_clock.Now + (10 * VirtualClock.Second), () => !Leads()))
        {
            throw new SimulationFailure($"Node {wanted} is wanted as the leader of all groups and does not lead them.{Environment.NewLine}{Describe()}");
        }

        _coverage.Count("leaders: lead as wanted");
        if (!_clock.RunUntil(_clock.Now + Patience, () => _cluster.Groups.All(IsSettled)))
        {
            throw new SimulationFailure($"The replicas do not become equal after their leaders moved.{Environment.NewLine}{Describe()}");
        }
    }

    private bool IsSettled(uint group)
    {
        if (_cluster.LeaderOf(group, out _) is not { } leader || leader.Configuration.IsJoint)
        {
            return false;
        }

        foreach (Machine machine in _cluster.Machines)
        {
            ReplicaStatus? status = machine.Process is { Alive: true } process ? process.Core.Find(group)?.Status : null;
            if (status is null || status.Applied != leader.Applied || status.Commit != leader.Commit || status.LastIndex != leader.LastIndex
                || status.Role is not (RaftRole.Leader or RaftRole.Follower) || !leader.Configuration.Voters.Contains(machine.Id))
            {
                return false;
            }
        }

        return true;
    }

    private string Describe()
    {
        IEnumerable<string> lines = _cluster.Machines.SelectMany(machine => machine.Process is not { Alive: true } process
            ? [string.Create(CultureInfo.InvariantCulture, $"  node {machine.Id}: down")]
            : process.Core.Replicas.OrderBy(r => r.Group).Select(r => string.Create(
                CultureInfo.InvariantCulture,
                $"  node {machine.Id} group {r.Group}: {r.Status.Role} term {r.Status.Term} leader {r.Status.Leader} first {r.Status.FirstIndex} last {r.Status.LastIndex} commit {r.Status.Commit} applied {r.Status.Applied.Index} voters [{string.Join(' ', r.Status.Configuration.Voters)}] learners [{string.Join(' ', r.Status.Configuration.Learners)}]")));
        return string.Join(Environment.NewLine, lines);
    }
}
