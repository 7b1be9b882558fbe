using Lattice.Simulation.Cluster;
using Lattice.Simulation.Disk;
using Lattice.Simulation.Runtime;
using Lattice.Simulation.State;

namespace Lattice.Simulation.Faults;

/// <summary>Disks that are slow, full, broken, damaged, exchanged.</summary>
internal static class DiskFaults
{
    public static IEnumerable<Fault> All =>
    [
        new("a disk is slow", Slow),
        new("a disk is full", Full),
        new("a sync fails", FailSyncs),
        new("a disk is exchanged for an empty one", Exchange),
        new("a log is lost", LoseLog),
        new("a backup is restored", RestoreBackup),
        new("a bit of the log flips", FlipBit),
    ];

    private static Healing Slow(SimulatedCluster cluster, SeededRandom random)
    {
        Machine machine = random.Pick([.. cluster.Machines]);
        machine.SyncTime = random.Between(10L, 300L) * VirtualClock.Millisecond;
        return Healing.Between(random, 500, 10_000, () => machine.SyncTime = cluster.Profile.SyncTime);
    }

    private static Healing Full(SimulatedCluster cluster, SeededRandom random)
    {
        Machine machine = random.Pick([.. cluster.Machines]);
        machine.Disk.Capacity = machine.Disk.Used + random.Pick([0L, 700L, 5_000L]);
        machine.Store.Full = random.Chance(0.3);

        // The last bytes come and go with what others write: of two flushes that belong together one may find room and one none.
        machine.Store.FlushRefusal = random.Pick([0.0, 0.5, 1.0]);
        cluster.Trace.Line(machine.Id, $"its disk is full");
        return Healing.Between(random, 500, 8_000, () =>
        {
            machine.Disk.Capacity = long.MaxValue;
            (machine.Store.Full, machine.Store.FlushRefusal) = (false, 0);
            cluster.Trace.Line(machine.Id, $"its disk has room");
        });
    }

    private static Healing? FailSyncs(SimulatedCluster cluster, SeededRandom random)
    {
        Machine machine = random.Pick([.. cluster.Machines]);
        if (machine.Process is null)
        {
            return null;
        }

        machine.Disk.FailSyncs = true;
        return Healing.None;
    }

    private static Healing? Exchange(SimulatedCluster cluster, SeededRandom random) =>
        Lose(cluster, random, machine => machine.Wipe());

    private static Healing? LoseLog(SimulatedCluster cluster, SeededRandom random) =>
        Lose(cluster, random, machine => machine.Disk.Remove(machine.DataDirectory + "/wal"));

    /// <summary>What was on the disk some time ago comes back, under a new incarnation since its log is not that of today.</summary>
    private static Healing RestoreBackup(SimulatedCluster cluster, SeededRandom random)
    {
        Machine machine = random.Pick([.. cluster.Machines]);
        SimulatedDiskImage disk = machine.Disk.Image();
        RowTree? state = machine.Store.Image();
        cluster.Trace.Line(machine.Id, $"a backup is taken");
        return Healing.Between(random, 1_000, 10_000, () =>
        {
            if (Losses.MayLose(cluster, machine))
            {
                cluster.Coverage.Count("fault: backup restored");
                cluster.ProcessDied(machine, "stopped to restore a backup");
                machine.Disk.Restore(disk);
                machine.Disk.Remove(machine.DataDirectory + "/wal");
                machine.Store.Restore(state);
            }
        });
    }

    /// <summary>A bit in a part of the log that is not its end, where nothing but damage can explain it.</summary>
    private static Healing? FlipBit(SimulatedCluster cluster, SeededRandom random)
    {
        Machine machine = random.Pick([.. cluster.Machines]);
        List<string> segments = [.. machine.Disk.FilesBelow(machine.DataDirectory + "/wal").Where(f => f.EndsWith(".wal", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
        if (segments.Count < 3 || !Losses.MayLose(cluster, machine))
        {
            return null;
        }

        cluster.ProcessDied(machine, "stopped");
        FileContent content = machine.Disk.Find(segments[random.Next(segments.Count - 2)])!;
        content.FlipBit(random.NextInt64(content.Length * 8));
        machine.Damaged = true;
        return Healing.None;
    }

    private static Healing? Lose(SimulatedCluster cluster, SeededRandom random, Action<Machine> lose)
    {
        Machine machine = random.Pick([.. cluster.Machines]);
        if (!Losses.MayLose(cluster, machine))
        {
            return null;
        }

        cluster.ProcessDied(machine, "its disk is lost");
        lose(machine);
        return Healing.None;
    }
}
