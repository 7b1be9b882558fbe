using Lattice.Core.Disk;
using Lattice.Simulation.Runtime;

namespace Lattice.Simulation.State;

/// <summary>
/// What the state engine of one machine keeps on disk. As RocksDB without its log: a crash leaves some prefix of the
/// batches written since the last flush.
/// </summary>
internal sealed class SimulatedStateStore(SeededRandom random, PowerSwitch power, Coverage coverage)
{
    private readonly List<RowTree?> _unflushed = [];
    private RowTree? _durable;

    /// <summary>Rows as the running process sees them.</summary>
    public RowTree? Rows { get; private set; }

    /// <summary>Whether the volume has no room for anything more.</summary>
    public bool Full { get; set; }

    /// <summary>Changes with each crash and each opening: only the latest engine may be used.</summary>
    public int Life { get; private set; }

    /// <summary>Batches that a crash could take away.</summary>
    public int Unflushed => _unflushed.Count;

    /// <summary>Opens the store for a process; the engine of an earlier one is no longer valid.</summary>
    public SimulatedStateEngine Open()
    {
        Life++;
        return new SimulatedStateEngine(this);
    }

    /// <summary>The process or the machine died.</summary>
    public void Crash()
    {
        Life++;
        int kept = random.Chance(0.3) ? 0 : random.Between(0, _unflushed.Count);
        if (kept < _unflushed.Count)
        {
            coverage.Count("state: batches lost by a crash", _unflushed.Count - kept);
        }

        _durable = kept == 0 ? _durable : _unflushed[kept - 1];
        Rows = _durable;
        _unflushed.Clear();
    }

    /// <summary>Everything is gone.</summary>
    public void Wipe() => Restore(null);

    /// <summary>What is durable now: a backup.</summary>
    public RowTree? Image() => _durable;

    /// <summary>Puts a backup in the place of everything.</summary>
    public void Restore(RowTree? image)
    {
        Life++;
        _durable = Rows = image;
        _unflushed.Clear();
    }

    internal void Write(RowTree? rows)
    {
        if (power.FailsNow())
        {
            PowerSwitch.Fail();
        }

        ThrowIfFull();
        Rows = rows;
        _unflushed.Add(rows);
    }

    internal void Flush()
    {
        if (power.FailsNow())
        {
            PowerSwitch.Fail();
        }

        ThrowIfFull();
        _durable = Rows;
        _unflushed.Clear();
    }

    private void ThrowIfFull()
    {
        if (Full)
        {
            coverage.Count("state: refused, full");
            throw new DiskFullException("The volume of the state is full.");
        }
    }
}
