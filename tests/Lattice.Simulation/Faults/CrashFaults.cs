using Lattice.Simulation.Cluster;
using Lattice.Simulation.Runtime;

namespace Lattice.Simulation.Faults;

/// <summary>Processes and machines that stop.</summary>
internal static class CrashFaults
{
    public static IEnumerable<Fault> All =>
    [
        new("a node is restarted in order", Restart),
        new("a node is killed", KillOne),
        new("a leader is killed", KillLeader),
        new("a machine loses its power", PowerLossOfOne),
        new("a node stops in the middle of writing", StopWhileWriting),
        new("all nodes are killed", KillAll),
        new("all machines lose their power", PowerLossOfAll),
        new("a node stays down", KeepDown),
        new("a node is paused", PauseOne),
        new("a leader is paused", PauseLeader),
    ];

    private static Healing? Restart(SimulatedCluster cluster, SeededRandom random)
    {
        if (Victim(cluster, random) is not { } machine)
        {
            return null;
        }

        foreach (uint group in cluster.Groups)
        {
            int heir = random.Pick([.. cluster.Machines]).Id;
            cluster.Do(machine.Id, group, r => r.Raft.TransferLeadership(heir));
        }

        NodeProcess process = machine.Process!;
        cluster.Clock.After(random.Between(0L, 500L) * VirtualClock.Millisecond, process.StopInOrder);
        return Healing.None;
    }

    private static Healing? KillOne(SimulatedCluster cluster, SeededRandom random)
    {
        if (Victim(cluster, random) is not { } machine)
        {
            return null;
        }

        Kill(cluster, machine, random);
        return Healing.None;
    }

    private static Healing? KillLeader(SimulatedCluster cluster, SeededRandom random)
    {
        if (cluster.LeaderOf(random.Pick([.. cluster.Groups]), out int node) is null)
        {
            return null;
        }

        Kill(cluster, cluster[node], random);
        return Healing.None;
    }

    private static Healing? PowerLossOfOne(SimulatedCluster cluster, SeededRandom random)
    {
        if (Victim(cluster, random) is not { } machine)
        {
            return null;
        }

        cluster.PowerLost(machine, "");
        return Healing.None;
    }

    private static Healing? StopWhileWriting(SimulatedCluster cluster, SeededRandom random)
    {
        if (Victim(cluster, random) is not { } machine)
        {
            return null;
        }

        machine.Power.FailAfter(random.Next(random.Pick([3, 30, 300])));
        return Healing.Between(random, 500, 5_000, machine.Power.Disarm);
    }

    private static Healing KillAll(SimulatedCluster cluster, SeededRandom random)
    {
        foreach (Machine machine in cluster.Machines.Where(m => m.Process is not null))
        {
            Kill(cluster, machine, random);
        }

        return Healing.None;
    }

    private static Healing PowerLossOfAll(SimulatedCluster cluster, SeededRandom random)
    {
        foreach (Machine machine in cluster.Machines.Where(m => m.Process is not null))
        {
            cluster.PowerLost(machine, "");
        }

        return Healing.None;
    }

    private static Healing? KeepDown(SimulatedCluster cluster, SeededRandom random)
    {
        if (Victim(cluster, random) is not { } machine)
        {
            return null;
        }

        machine.KeptDown = true;
        Kill(cluster, machine, random);
        return Healing.Between(random, 2_000, 15_000, () =>
        {
            machine.KeptDown = false;
            cluster.Start(machine);
        });
    }

    private static Healing? PauseOne(SimulatedCluster cluster, SeededRandom random) =>
        Victim(cluster, random) is { } machine ? Pause(cluster, machine, random) : null;

    private static Healing? PauseLeader(SimulatedCluster cluster, SeededRandom random) =>
        cluster.LeaderOf(random.Pick([.. cluster.Groups]), out int node) is null ? null : Pause(cluster, cluster[node], random);

    private static Healing Pause(SimulatedCluster cluster, Machine machine, SeededRandom random)
    {
        NodeProcess process = machine.Process!;
        process.Pause();
        cluster.Trace.Line(machine.Id, $"is paused");
        return Healing.Between(random, 50, 6_000, () =>
        {
            cluster.Trace.Line(machine.Id, $"goes on");
            process.Resume();
        });
    }

    private static void Kill(SimulatedCluster cluster, Machine machine, SeededRandom random)
    {
        cluster.ProcessDied(machine, "killed");
        if (random.Chance(0.5))
        {
            TellPeers(cluster, machine, random);
        }
    }

    /// <summary>The connections to a process that was killed are reset, and the others may learn of it that way.</summary>
    private static void TellPeers(SimulatedCluster cluster, Machine gone, SeededRandom random)
    {
        foreach (Machine machine in cluster.Machines.Where(m => m != gone && random.Chance(0.7)))
        {
            cluster.Clock.After(random.Between(100L, 100_000L), () =>
            {
                foreach (uint group in cluster.Groups)
                {
                    cluster.Do(machine.Id, group, r => r.Raft.ReportPeerDown(gone.Id));
                }
            });
        }
    }

    private static Machine? Victim(SimulatedCluster cluster, SeededRandom random)
    {
        List<Machine> running = [.. cluster.Machines.Where(m => m.Process is not null)];
        return running.Count == 0 ? null : random.Pick(running);
    }
}
