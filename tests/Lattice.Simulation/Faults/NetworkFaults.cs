using Lattice.Simulation.Cluster;
using Lattice.Simulation.Network;
using Lattice.Simulation.Runtime;

namespace Lattice.Simulation.Faults;

/// <summary>Links that fail.</summary>
internal static class NetworkFaults
{
    public static IEnumerable<Fault> All =>
    [
        new("partition into two parts", Halves),
        new("a node is cut off", IsolateOne),
        new("a leader is cut off", IsolateLeader),
        new("a node is not heard", (cluster, random) => OneWay(cluster, random, hears: true)),
        new("a node does not hear", (cluster, random) => OneWay(cluster, random, hears: false)),
        new("two nodes do not reach each other", CutPair),
        new("clients do not reach a node", CutClients),
        new("links become bad", BadLinks),
        new("links become slow", SlowLinks),
        new("links flip bits", FlippingLinks),
    ];

    private static Healing? Halves(SimulatedCluster cluster, SeededRandom random)
    {
        List<int> nodes = [.. cluster.Machines.Select(m => m.Id)];
        if (nodes.Count < 2)
        {
            return null;
        }

        random.Mix(nodes);
        int size = random.Between(1, nodes.Count - 1);
        return Cut(cluster, random, from n in nodes[..size] from m in nodes[size..] from link in new[] { (n, m), (m, n) } select link);
    }

    private static Healing? IsolateOne(SimulatedCluster cluster, SeededRandom random) =>
        Isolate(cluster, random, random.Pick([.. cluster.Machines.Select(m => m.Id)]));

    private static Healing? IsolateLeader(SimulatedCluster cluster, SeededRandom random) =>
        cluster.LeaderOf(random.Pick([.. cluster.Groups]), out int leader) is null ? null : Isolate(cluster, random, leader);

    private static Healing? Isolate(SimulatedCluster cluster, SeededRandom random, int node) =>
        Cut(cluster, random, Others(cluster, node).SelectMany(other => new[] { (node, other), (other, node) }));

    private static Healing? OneWay(SimulatedCluster cluster, SeededRandom random, bool hears)
    {
        int node = random.Pick([.. cluster.Machines.Select(m => m.Id)]);
        return Cut(cluster, random, Others(cluster, node).Select(other => hears ? (node, other) : (other, node)));
    }

    private static Healing? CutPair(SimulatedCluster cluster, SeededRandom random)
    {
        List<int> nodes = [.. cluster.Machines.Select(m => m.Id)];
        random.Mix(nodes);
        return nodes.Count < 2 ? null : Cut(cluster, random, [(nodes[0], nodes[1]), (nodes[1], nodes[0])]);
    }

    private static Healing? CutClients(SimulatedCluster cluster, SeededRandom random)
    {
        int node = random.Pick([.. cluster.Machines.Select(m => m.Id)]);
        return Cut(cluster, random, random.Chance(0.5) ? [(0, node), (node, 0)] : [(node, 0)]);
    }

    private static Healing? Cut(SimulatedCluster cluster, SeededRandom random, IEnumerable<(int From, int To)> chosen)
    {
        List<(int From, int To)> links = [.. chosen];
        if (links.Count == 0)
        {
            return null;
        }

        foreach ((int from, int to) in links)
        {
            cluster.Network.Cut(from, to);
        }

        cluster.Trace.Line(0, $"links cut: {string.Join(' ', links)}");
        return Healing.Between(random, 200, 8_000, () =>
        {
            foreach ((int from, int to) in links)
            {
                cluster.Network.Heal(from, to);
            }

            cluster.Trace.Line(0, $"links healed: {string.Join(' ', links)}");
        });
    }

    private static Healing BadLinks(SimulatedCluster cluster, SeededRandom random) =>
        Change(cluster, random, cluster.Profile.Network with
        {
            Loss = random.Pick([0.1, 0.3, 0.6]),
            Duplication = 0.2,
            Straggling = 0.3,
            Reorders = true,
        });

    private static Healing SlowLinks(SimulatedCluster cluster, SeededRandom random) =>
        Change(cluster, random, cluster.Profile.Network with
        {
            MinimumDelay = random.Between(10L, 500L) * VirtualClock.Millisecond,
            MeanJitter = random.Between(1L, 500L) * VirtualClock.Millisecond,
            Reorders = true,
        });

    private static Healing FlippingLinks(SimulatedCluster cluster, SeededRandom random) =>
        Change(cluster, random, cluster.Profile.Network with { Damage = random.Pick([0.01, 0.1, 0.5]) });

    private static Healing Change(SimulatedCluster cluster, SeededRandom random, LinkQuality quality)
    {
        List<int> nodes = [.. cluster.Machines.Select(m => m.Id)];
        List<(int From, int To)> links = [.. from n in nodes from m in nodes where n != m && random.Chance(0.4) select (n, m)];
        foreach ((int from, int to) in links)
        {
            cluster.Network.SetQuality(from, to, quality);
        }

        return Healing.Between(random, 500, 8_000, () =>
        {
            foreach ((int from, int to) in links)
            {
                cluster.Network.SetQuality(from, to, null);
            }
        });
    }

    private static IEnumerable<int> Others(SimulatedCluster cluster, int node) => cluster.Machines.Select(m => m.Id).Where(other => other != node);
}
