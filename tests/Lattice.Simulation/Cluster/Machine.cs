using Lattice.Simulation.Disk;
using Lattice.Simulation.Faults;
using Lattice.Simulation.Runtime;
using Lattice.Simulation.State;

namespace Lattice.Simulation.Cluster;

/// <summary>One computer: what stays when the process on it dies.</summary>
internal sealed class Machine
{
    private readonly Coverage coverage;

    public Machine(int id, VirtualClock clock, SeededRandom random, Coverage coverage)
    {
        this.coverage = coverage;
        Id = id;
        Random = random;
        Clock = new NodeClock(clock);
        Disk = new SimulatedDisk(random.Fork(), Power, coverage);
        Store = new SimulatedStateStore(random.Fork(), Power, coverage);
    }

    /// <summary>Node id.</summary>
    public int Id { get; }

    public PowerSwitch Power { get; } = new();

    public SeededRandom Random { get; }

    public NodeClock Clock { get; }

    public SimulatedDisk Disk { get; }

    public SimulatedStateStore Store { get; }

    /// <summary>The process that runs; null while there is none.</summary>
    public NodeProcess? Process { get; set; }

    /// <summary>Mean time of a sync, in microseconds.</summary>
    public long SyncTime { get; set; } = 300;

    /// <summary>Whether somebody keeps it from being started.</summary>
    public bool KeptDown { get; set; }

    /// <summary>Whether its files were damaged, so that it may refuse to start.</summary>
    public bool Damaged { get; set; }

    /// <summary>What was corrupted on it and has not been noticed; null: nothing.</summary>
    public Corruption? Corruption { get; set; }

    /// <summary>How often it was started.</summary>
    public int Starts { get; set; }

    /// <summary>Directory of the node.</summary>
    public string DataDirectory => FormattableString.Invariant($"/node-{Id}");

    /// <summary>What the state of a group is now.</summary>
    public GroupPicture Picture(uint group) => new(Store.Rows, group);

    /// <summary>The process died; the operating system lives and still writes what the process wrote.</summary>
    public void ProcessDied()
    {
        Process = null;
        Disk.ProcessDied();
        Store.Crash();
    }

    /// <summary>The machine lost its power.</summary>
    public void PowerLost()
    {
        Process = null;
        Power.TurnOff();
        Disk.Crash();
        Store.Crash();
    }

    /// <summary>All that it stored is gone.</summary>
    public void Wipe()
    {
        Disk.Wipe();
        Store.Wipe();
        Damaged = false;
        if (Corruption is { } gone)
        {
            CorruptionSummary.Wiped(coverage, gone.Kind);
            Corruption = null;
        }
    }
}
