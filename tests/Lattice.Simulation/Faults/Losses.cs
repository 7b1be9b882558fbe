using Lattice.Core.Replication;
using Lattice.Simulation.Cluster;

namespace Lattice.Simulation.Faults;

/// <summary>
/// Decides when a node may lose what it had acknowledged. Majorities tolerate one such loss at a time: until the
/// loss is made good, in every group, another one may cost acknowledged writes, and no system could keep them.
/// </summary>
internal static class Losses
{
    public static bool MayLose(SimulatedCluster cluster, Machine machine)
    {
        if (machine.Process is null)
        {
            return false;
        }

        foreach (uint group in cluster.Groups)
        {
            if (cluster.LeaderOf(group, out _) is not { } leader
                || leader.Configuration.IsJoint
                || leader.Configuration.Voters.Count < 3
                || leader.LastIndex != leader.Applied.Index
                || !AllIntact(cluster, group, leader, except: 0))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether every voter, save perhaps one, runs with what it acknowledged.</summary>
    public static bool AllIntact(SimulatedCluster cluster, uint group, ReplicaStatus leader, int except) =>
        leader.Configuration.Voters.All(node => node == except || IsIntact(cluster[node], group, leader));

    private static bool IsIntact(Machine machine, uint group, ReplicaStatus leader) =>
        machine.Process is { Alive: true } process
        && !machine.Damaged
        && machine.Corruption is null
        && process.Core.Identity.Incarnation == leader.Configuration.Incarnations.GetValueOrDefault(machine.Id)
        && process.Core.Find(group) is not null;
}
