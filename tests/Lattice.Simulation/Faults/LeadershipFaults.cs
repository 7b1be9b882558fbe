using System.Text;
using Lattice.Core.Replication;
using Lattice.Core.State;
using Lattice.Simulation.Cluster;
using Lattice.Simulation.Runtime;

namespace Lattice.Simulation.Faults;

/// <summary>Leaders that change for other reasons than a failure, and clocks that jump.</summary>
internal static class LeadershipFaults
{
    public static IEnumerable<Fault> All =>
    [
        new("leadership is transferred", Transfer),
        new("an operator wants one node to lead", Prefer),
        new("a node campaigns", Campaign),
        new("a peer is taken for dead", FalseAlarm),
        new("a clock jumps", ClockJump),
    ];

    private static Healing? Transfer(SimulatedCluster cluster, SeededRandom random)
    {
        uint group = random.Pick([.. cluster.Groups]);
        int target = random.Pick([.. cluster.Machines]).Id;
        if (cluster.LeaderOf(group, out int leader) is null || leader == target)
        {
            return null;
        }

        cluster.Trace.Line(leader, $"group {group}: is asked to hand over to node {target}");
        cluster.Do(leader, group, r => r.Raft.TransferLeadership(target));
        return Healing.None;
    }

    /// <summary>Whoever is wanted, or nobody any more; the last word that was agreed counts until the end.</summary>
    private static Healing? Prefer(SimulatedCluster cluster, SeededRandom random)
    {
        int wanted = random.Chance(0.3) ? 0 : random.Pick([.. cluster.Machines]).Id;
        if (cluster.LeaderOf(0, out int leader) is null)
        {
            return null;
        }

        byte[] batch = new WriteBatchBuilder().Command().Put(Encoding.UTF8.GetBytes(LeaderPreference.Key), new LeaderPreference { Node = wanted }.Encode()).Build();
        cluster.Do(leader, 0, r => r.Write(batch, outcome => cluster.Coverage.Count($"leaders: wish {outcome.Kind}")));
        return Healing.None;
    }

    private static Healing Campaign(SimulatedCluster cluster, SeededRandom random)
    {
        cluster.Do(random.Pick([.. cluster.Machines]).Id, random.Pick([.. cluster.Groups]), r => r.Raft.Campaign());
        return Healing.None;
    }

    private static Healing FalseAlarm(SimulatedCluster cluster, SeededRandom random)
    {
        int suspect = random.Pick([.. cluster.Machines]).Id;
        foreach (Machine machine in cluster.Machines.Where(m => m.Id != suspect && random.Chance(0.7)))
        {
            foreach (uint group in cluster.Groups)
            {
                cluster.Do(machine.Id, group, r => r.Raft.ReportPeerDown(suspect));
            }
        }

        return Healing.None;
    }

    private static Healing ClockJump(SimulatedCluster cluster, SeededRandom random)
    {
        Machine machine = random.Pick([.. cluster.Machines]);
        double most = cluster.Profile.ClockSkew.TotalMilliseconds;
        machine.Clock.Skew = TimeSpan.FromMilliseconds((2 * most * random.NextDouble()) - most);
        return Healing.None;
    }
}
