using Lattice.Simulation.Cluster;
using Lattice.Simulation.Network;
using Lattice.Simulation.Runtime;

namespace Lattice.Simulation.Faults;

/// <summary>
/// Lets things go wrong, one after the other and several at once. Every seed draws which kinds and how often (swarm
/// testing: what some runs leave out lets others get deeper).
/// </summary>
internal sealed class Nemesis
{
    private const int MostAtOnce = 3;

    // Corruptions often find no occasion: they are tried more often than other faults.
    private const double ShareOfCorruptions = 0.4;

    private readonly SimulatedCluster _cluster;
    private readonly SeededRandom _random;
    private readonly MembershipOperator _membership;
    private readonly List<Fault> _faults;
    private readonly IReadOnlyList<Fault> _corruptions;
    private readonly List<Action> _open = [];
    private readonly long _pause;
    private bool _stopped;

    public Nemesis(SimulatedCluster cluster, SeededRandom random, IReadOnlyList<Fault> corruptions)
    {
        _cluster = cluster;
        _random = random;
        _membership = new MembershipOperator(cluster, random.Fork());
        _pause = random.Pick([500L, 1_500L, 4_000L]) * VirtualClock.Millisecond;
        List<Fault> all =
        [
            .. CrashFaults.All,
            .. NetworkFaults.All,
            .. DiskFaults.All,
            .. LeadershipFaults.All,
            .. MembershipFaults.All(_membership),
        ];
        double share = random.Pick([0.2, 0.5, 1.0]);
        _faults = [.. all.Where(_ => random.Chance(share))];
        _corruptions = corruptions;
    }

    /// <summary>Begins after the given time.</summary>
    public void Start(long after)
    {
        _membership.Start();
        _cluster.Clock.After(after, Next);
    }

    /// <summary>Ends everything that is wrong: links, disks, processes.</summary>
    public void Stop()
    {
        _stopped = true;
        foreach (Action heal in _open.ToList())
        {
            heal();
        }

        _cluster.Network.HealAll();
        _cluster.Network.Default = LinkQuality.Good;
        foreach (Machine machine in _cluster.Machines)
        {
            machine.KeptDown = false;
            machine.Power.Disarm();
            machine.Disk.Capacity = long.MaxValue;
            (machine.Store.Full, machine.Store.FlushRefusal) = (false, 0);
            machine.SyncTime = _cluster.Profile.SyncTime;
        }

        _cluster.StartAll();
        _membership.DecideRecoveries();
        _cluster.Trace.Line(0, $"the faults are over");
    }

    private void Next()
    {
        if (_stopped || _faults.Count + _corruptions.Count == 0)
        {
            return;
        }

        _cluster.Clock.After(_random.Exponential(_pause), Next);
        if (_open.Count >= MostAtOnce)
        {
            return;
        }

        Fault fault = _random.Pick(_faults.Count == 0 || (_corruptions.Count > 0 && _random.Chance(ShareOfCorruptions)) ? _corruptions : _faults);
        if (fault.Begin(_cluster, _random) is not { } healing)
        {
            return;
        }

        _cluster.Coverage.Count($"fault: {fault.Name}");
        _cluster.Trace.Line(0, $"FAULT {fault.Name}");
        if (healing.After > 0)
        {
            Action heal = null!;
            heal = () =>
            {
                if (_open.Remove(heal))
                {
                    healing.Heal();
                    _cluster.Trace.Line(0, $"over: {fault.Name}");
                }
            };
            _open.Add(heal);
            _cluster.Clock.After(healing.After, heal);
        }
    }
}
