using Lattice.Core.State;
using Lattice.Core.Verification;
using Lattice.Simulation.Cluster;
using Lattice.Simulation.Runtime;

namespace Lattice.Simulation.Faults;

/// <summary>Something that was corrupted on a machine and has not been noticed yet.</summary>
/// <param name="What">For the trace and the summary.</param>
/// <param name="IsThere">Whether it can still do harm: what was overwritten, or forgotten in a restart, cannot.</param>
internal sealed record Corruption(string What, Func<bool> IsThere);

/// <summary>
/// Memory and disks that do not hold what was put there. One machine at a time: its replicas stop when they notice, and it loses what it had acknowledged.
/// </summary>
internal static class CorruptionFaults
{
    public static IEnumerable<Fault> All =>
    [
        new("a bit of a stored row flips", FlipStoredBit),
        new("a stored row is lost", LoseRow),
        new("a bit of a cached record flips", (cluster, random) => Drill(cluster, random, DrillKind.Cache)),
        new("a bit of an executed record flips", (cluster, random) => Drill(cluster, random, DrillKind.Memory)),
        new("a command does something else on one node", (cluster, random) => Drill(cluster, random, DrillKind.Command)),
        new("a message breaks a rule", (cluster, random) => Drill(cluster, random, DrillKind.Protocol)),
        new("the applied index is ahead of the data", AdvanceAppliedIndex),
    ];

    /// <summary>Reads everything that a machine stores, as its scrub does.</summary>
    public static void Scrub(SimulatedCluster cluster, Machine machine)
    {
        if (machine.Process is not { Alive: true } process)
        {
            return;
        }

        foreach (uint group in cluster.Groups)
        {
            process.Enter(() =>
            {
                try
                {
                    if (process.Core.Find(group) is { } replica)
                    {
                        using GroupSnapshot view = replica.State.OpenSnapshot();
                        StateCheck.Run(view, DivergencePhase.Scrub);
                        replica.State.Records.CheckCached();
                    }
                }
                catch (StateDivergenceException e)
                {
                    cluster.Diverged(machine, e.Divergence);
                }
            });
        }
    }

    private static Machine? Pick(SimulatedCluster cluster, SeededRandom random)
    {
        Machine machine = random.Pick([.. cluster.Machines]);
        return cluster.Machines.All(m => m.Corruption is null) && Losses.MayLose(cluster, machine) ? machine : null;
    }

    private static Healing? FlipStoredBit(SimulatedCluster cluster, SeededRandom random) =>
        Pick(cluster, random) is { } machine && machine.Store.FlipBit(random) is { } isThere
            ? Begun(cluster, random, machine, "stored row flipped", isThere)
            : null;

    /// <summary>While the node is down: what is lost under a running node is found by the scrub, but a read before that finds nothing.</summary>
    private static Healing? LoseRow(SimulatedCluster cluster, SeededRandom random)
    {
        if (Pick(cluster, random) is not { } machine)
        {
            return null;
        }

        cluster.ProcessDied(machine, "killed");
        return machine.Store.LoseRecord(random) is { } isThere ? Begun(cluster, random, machine, "stored row lost", isThere) : Healing.None;
    }

    private static Healing? Drill(SimulatedCluster cluster, SeededRandom random, DrillKind kind)
    {
        if (Pick(cluster, random) is not { Process: { Paused: false } process } machine)
        {
            return null;
        }

        uint group = random.Pick([.. cluster.Groups]);
        bool done = false;
        machine.Corruption = new Corruption($"drill {kind}", () => false);
        process.Enter(() =>
        {
            process.Core.Find(group)!.Do(r =>
            {
                // A leader answers before the others can tell that they see it differently.
                r.Drills.SparesLeader = true;
                done |= r.Drills.Inject(kind, new Random(random.Next(int.MaxValue))) is not null;
            });
            process.Core.Find(group)!.Run();
        });
        if (!done)
        {
            // Either there was no occasion, or it was noticed on the spot.
            bool isNoticed = machine.Corruption is null;
            machine.Corruption = null;
            return isNoticed ? Healing.None : null;
        }

        // A cached copy may be displaced, an occasion may never come; and what came into the state unnoticed shows when the states are compared at the end.
        return Begun(cluster, random, machine, $"drill {kind}", () => kind == DrillKind.Cache && ReferenceEquals(machine.Process, process) && process.Core.Find(group)!.State.Records.FindDamagedInCache() is not null);
    }

    /// <summary>As etcd 3.5 did it: a crash leaves an applied index whose entries never reached the data.</summary>
    private static Healing? AdvanceAppliedIndex(SimulatedCluster cluster, SeededRandom random)
    {
        if (Pick(cluster, random) is not { Process: not null } machine)
        {
            return null;
        }

        uint group = random.Pick([.. cluster.Groups.Skip(1)]);
        byte[]? reached = machine.Store.MetaOf(group);
        cluster.ProcessDied(machine, "killed");
        return reached is not null && machine.Store.KeepMetaAlone(group, reached)
            ? Begun(cluster, random, machine, "applied index ahead of the data", () => false)
            : Healing.None;
    }

    private static Healing Begun(SimulatedCluster cluster, SeededRandom random, Machine machine, string what, Func<bool> isThere)
    {
        machine.Corruption = new Corruption(what, isThere);
        cluster.Coverage.Count($"corruption: {what}");
        cluster.Trace.Line(machine.Id, $"CORRUPTED: {what}");
        return Healing.Between(random, 500, 5_000, () => Scrub(cluster, machine));
    }
}
