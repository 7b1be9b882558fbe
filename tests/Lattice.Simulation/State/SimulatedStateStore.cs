using Lattice.Core.Disk;
using Lattice.Core.State;
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

    /// <summary>How likely a flush finds no room for its files, 0 to 1, while what is written to memory is taken.</summary>
    public double FlushRefusal { get; set; }

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

    /// <summary>Flips a bit of some row, in all copies. Gives whether it can still be found; null: there are no rows.</summary>
    public Func<bool>? FlipBit(SeededRandom chance)
    {
        if (PickRow(chance, _ => true) is not { } row)
        {
            return null;
        }

        byte[] flipped = [.. row.Value];
        int bit = chance.Next(flipped.Length * 8);
        flipped[bit / 8] ^= (byte)(1 << (bit % 8));
        Change(row, flipped);
        return () => ReferenceEquals(RowTree.Get(Rows, row.Key), flipped);
    }

    /// <summary>Loses some record, in all copies. Gives whether it is still missing; null: there are no records.</summary>
    public Func<bool>? LoseRecord(SeededRandom chance)
    {
        if (PickRow(chance, r => (RowKind)r.Key[StateKeys.PrefixSize - 1] == RowKind.Record) is not { } row)
        {
            return null;
        }

        Change(row, null);
        return () => RowTree.Get(Rows, row.Key) is null;
    }

    /// <summary>The row that says what the state of a group stands for, as the running process sees it; null: the group has none.</summary>
    public byte[]? MetaOf(uint group) =>
        RowTree.Get(Rows, StateKeys.Root(group)) is { } root ? RowTree.Get(Rows, StateKeys.Prefix(group, GroupMeta.DecodeRoot(group, root), RowKind.Meta)) : null;

    /// <summary>Keeps that row of a batch whose other rows were lost. False: it is the one that is there.</summary>
    public bool KeepMetaAlone(uint group, byte[] meta)
    {
        if (MetaOf(group) is not { } own || GroupMeta.Decode(group, own).Applied.Index >= GroupMeta.Decode(group, meta).Applied.Index)
        {
            return false;
        }

        uint epoch = GroupMeta.DecodeRoot(group, RowTree.Get(Rows, StateKeys.Root(group))!);
        _durable = Rows = RowTree.Set(Rows, StateKeys.Prefix(group, epoch, RowKind.Meta), meta);
        _unflushed.Clear();
        return true;
    }

    private RowTree? PickRow(SeededRandom chance, Func<RowTree, bool> isWanted)
    {
        List<RowTree> rows = [];
        Collect(Rows);
        return rows.Count == 0 ? null : rows[chance.Next(rows.Count)];

        void Collect(RowTree? tree)
        {
            if (tree is not null)
            {
                Collect(tree.Left);
                if (tree.Value.Length > 0 && isWanted(tree))
                {
                    rows.Add(tree);
                }

                Collect(tree.Right);
            }
        }
    }

    /// <summary>Changes a row in every copy in which it is as it is now.</summary>
    private void Change(RowTree row, byte[]? value)
    {
        Rows = Changed(Rows);
        _durable = Changed(_durable);
        for (int i = 0; i < _unflushed.Count; i++)
        {
            _unflushed[i] = Changed(_unflushed[i]);
        }

        RowTree? Changed(RowTree? tree)
        {
            if (!ReferenceEquals(RowTree.Get(tree, row.Key), row.Value))
            {
                return tree;
            }

            return value is null ? RowTree.Remove(tree, row.Key) : RowTree.Set(tree, row.Key, value);
        }
    }

    internal void Write(RowTree? rows)
    {
        if (power.FailsNow())
        {
            PowerSwitch.Fail();
        }

        ThrowIf(Full);
        Rows = rows;
        _unflushed.Add(rows);
    }

    internal void Flush()
    {
        if (power.FailsNow())
        {
            PowerSwitch.Fail();
        }

        ThrowIf(Full || (FlushRefusal > 0 && random.Chance(FlushRefusal)));
        _durable = Rows;
        _unflushed.Clear();
    }

    private void ThrowIf(bool isFull)
    {
        if (isFull)
        {
            coverage.Count("state: refused, full");
            throw new DiskFullException("The volume of the state is full.");
        }
    }
}
