using System.Collections.Immutable;
using Lattice.Core.Consensus;
using Lattice.Simulation.Cluster;
using Lattice.Simulation.Runtime;

namespace Lattice.Simulation.Faults;

/// <summary>Nodes that leave, come back, come new, or lose their vote for a while.</summary>
internal static class MembershipFaults
{
    private const int MostNodes = 6;

    public static IEnumerable<Fault> All(MembershipOperator membership) =>
    [
        new("a node is removed", (cluster, random) => Remove(cluster, random, membership)),
        new("a node is added", Add),
        new("a voter becomes a learner", (cluster, random) => Demote(cluster, random, membership, 1)),
        new("two voters become learners", (cluster, random) => Demote(cluster, random, membership, 2)),
    ];

    private static Healing? Remove(SimulatedCluster cluster, SeededRandom random, MembershipOperator membership)
    {
        int node = random.Pick([.. cluster.Machines]).Id;
        if (cluster.Machines.Count - membership.Removed.Count <= 2 || membership.Removed.Contains(node) || IsCorrupt(cluster))
        {
            return null;
        }

        membership.Remove(node);
        return Healing.Between(random, 1_000, 15_000, () => membership.Readmit(node));
    }

    /// <summary>One fault at a time: with a replica that is wrong and another one that is gone or has no vote, nobody can say which of the rest is right.</summary>
    private static bool IsCorrupt(SimulatedCluster cluster) => cluster.Machines.Any(m => m.Corruption is not null);

    private static Healing? Add(SimulatedCluster cluster, SeededRandom random)
    {
        if (cluster.Machines.Count >= MostNodes || !IsFounded(cluster))
        {
            return null;
        }

        Machine machine = cluster.AddNode();
        cluster.Clock.After(random.Between(0L, 2_000L) * VirtualClock.Millisecond, () => cluster.Start(machine));
        return Healing.None;
    }

    /// <summary>Learners get their vote back by themselves. Two at once need a joint configuration.</summary>
    private static Healing? Demote(SimulatedCluster cluster, SeededRandom random, MembershipOperator membership, int count)
    {
        uint group = random.Pick([.. cluster.Groups]);
        if (cluster.LeaderOf(group, out int leader) is not { } status || status.Configuration.Voters.Count <= count || IsCorrupt(cluster))
        {
            return null;
        }

        List<int> voters = [.. status.Configuration.Voters];
        random.Mix(voters);
        ImmutableArray<MemberChange> changes =
            [.. voters.Take(count).Select(node => new MemberChange(MemberChangeKind.Learner, node, status.Configuration.Incarnations[node]))];
        if (changes.Any(c => c.Incarnation == 0))
        {
            return null;
        }

        membership.Propose(leader, group, new ConfigurationChange(changes));
        return Healing.None;
    }

    /// <summary>While a cluster is being founded, a new node could not tell which one it shall join.</summary>
    private static bool IsFounded(SimulatedCluster cluster) =>
        cluster.Machines.All(m => m.Process is { Alive: true } process && process.Core.Catalog.IsFounded);
}
