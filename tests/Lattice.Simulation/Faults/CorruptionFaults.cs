using System.Runtime.InteropServices;
using Lattice.Core.Consensus;
using Lattice.Core.State;
using Lattice.Core.Verification;
using Lattice.Simulation.Cluster;
using Lattice.Simulation.Runtime;

namespace Lattice.Simulation.Faults;

/// <summary>
/// Memory and disks that do not hold what was put there. One machine at a time: its replicas stop when they notice, and it loses what it had acknowledged.
/// </summary>
internal static class CorruptionFaults
{
    public static IEnumerable<Fault> All =>
    [
        new(CorruptionKinds.StoredBit, FlipStoredBit),
        new(CorruptionKinds.LostRow, LoseRow),
        new(CorruptionKinds.CachedBit, (cluster, random) => Drill(cluster, random, CorruptionKinds.CachedBit, DrillKind.Cache)),
        new(CorruptionKinds.ExecutedBit, (cluster, random) => Drill(cluster, random, CorruptionKinds.ExecutedBit, DrillKind.Memory)),
        new(CorruptionKinds.Command, (cluster, random) => Drill(cluster, random, CorruptionKinds.Command, DrillKind.Command)),
        new(CorruptionKinds.Message, (cluster, random) => Drill(cluster, random, CorruptionKinds.Message, DrillKind.Protocol)),
        new(CorruptionKinds.AppliedIndex, AdvanceAppliedIndex),
        new(CorruptionKinds.EntryBit, FlipEntryBit),
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
                        replica.Log.ThrowIfDamaged([.. replica.Log.Cached]);
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
            ? Begun(cluster, random, machine, new Corruption(CorruptionKinds.StoredBit, isThere))
            : null;

    /// <summary>While the node is down: what is lost under a running node is found by the scrub, but a read before that finds nothing.</summary>
    private static Healing? LoseRow(SimulatedCluster cluster, SeededRandom random)
    {
        if (Pick(cluster, random) is not { } machine)
        {
            return null;
        }

        cluster.ProcessDied(machine, "killed");
        return machine.Store.LoseRecord(random) is { } isThere ? Begun(cluster, random, machine, new Corruption(CorruptionKinds.LostRow, isThere)) : Healing.None;
    }

    private static Healing? Drill(SimulatedCluster cluster, SeededRandom random, string name, DrillKind kind)
    {
        if (Pick(cluster, random) is not { Process: { Paused: false } process } machine || process.Core.Find(random.Pick([.. cluster.Groups])) is not { } replica)
        {
            return null;
        }

        // A cached copy may be displaced, an occasion may never come; and what came into the state unnoticed shows when the states are compared at the end.
        var corruption = new Corruption(name, () => kind == DrillKind.Cache && ReferenceEquals(machine.Process, process) && replica.State.Records.FindDamagedInCache() is not null);
        bool done = false;
        int seed = random.Next(int.MaxValue);
        machine.Corruption = corruption;
        process.Enter(() =>
        {
            replica.Do(r =>
            {
                // A leader answers before the others can tell that they see it differently.
                r.Drills.SparesLeader = true;
                done = r.Drills.Inject(kind, new Random(seed)) is not null;
            });
            replica.Run();
        });
        if (machine.Corruption is null)
        {
            // Noticed on the spot.
            CorruptionSummary.Injected(cluster.Coverage, name);
            return Healing.None;
        }

        machine.Corruption = null;
        return done ? Begun(cluster, random, machine, corruption) : null;
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
            ? Begun(cluster, random, machine, new Corruption(CorruptionKinds.AppliedIndex, () => false))
            : Healing.None;
    }

    private static Healing? FlipEntryBit(SimulatedCluster cluster, SeededRandom random)
    {
        if (Pick(cluster, random) is not { Process: { Paused: false } process } machine || process.Core.Find(random.Pick([.. cluster.Groups])) is not { } replica)
        {
            return null;
        }

        // One of the newest: those that were applied everywhere are of no use to anybody any more.
        Entry[] entries = [.. replica.Log.Cached.TakeLast(4).Where(e => e is { Kind: EntryKind.Command, Data.Length: > 0 })];
        if (entries.Length == 0)
        {
            return null;
        }

        Entry entry = random.Pick(entries);
        MemoryMarshal.AsMemory(entry.Data).Span[random.Next(entry.Data.Length)] ^= (byte)(1 << random.Next(8));
        return Begun(cluster, random, machine, new Corruption(CorruptionKinds.EntryBit, () => ReferenceEquals(machine.Process, process) && replica.Log.Cached.Contains(entry, ReferenceEqualityComparer.Instance)));
    }

    private static Healing Begun(SimulatedCluster cluster, SeededRandom random, Machine machine, Corruption corruption)
    {
        machine.Corruption = corruption;
        CorruptionSummary.Injected(cluster.Coverage, corruption.Kind);
        cluster.Trace.Line(machine.Id, $"CORRUPTED: {corruption.Kind}");
        return Healing.Between(random, 500, 5_000, () => Scrub(cluster, machine));
    }
}
