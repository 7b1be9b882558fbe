using Lattice.Core.State;
using Lattice.Simulation.Runtime;

namespace Lattice.Simulation.State;

/// <summary>The state engine of one process of a simulated machine.</summary>
internal sealed class SimulatedStateEngine(SimulatedStateStore store) : IStateEngine
{
    private readonly int _life = store.Life;
    private bool _closed;

    /// <summary>Snapshots that were taken and not disposed.</summary>
    public int OpenSnapshots { get; private set; }

    public StateBatch CreateBatch() => new RowBatch();

    public void Write(StateBatch batch)
    {
        Check();
        store.Write(((RowBatch)batch).ApplyTo(store.Rows));
    }

    public IStateSnapshot Snapshot()
    {
        Check();
        OpenSnapshots++;
        return new RowSnapshot(this, store.Rows);
    }

    public void Flush()
    {
        Check();
        store.Flush();
    }

    public byte[]? Get(ReadOnlySpan<byte> key)
    {
        Check();
        return RowTree.Get(store.Rows, key);
    }

    public IStateCursor Cursor(ReadOnlyMemory<byte> from, ReadOnlyMemory<byte> to)
    {
        Check();
        return new RowCursor(store.Rows, from, to);
    }

    public void Dispose() => _closed = true;

    private void Check()
    {
        if (_closed || _life != store.Life)
        {
            throw new SimulationFailure("The state engine of a process that has stopped is used.");
        }
    }

    private sealed class RowSnapshot(SimulatedStateEngine engine, RowTree? rows) : IStateSnapshot
    {
        private bool _disposed;

        public byte[]? Get(ReadOnlySpan<byte> key) => RowTree.Get(rows, key);

        public IStateCursor Cursor(ReadOnlyMemory<byte> from, ReadOnlyMemory<byte> to) => new RowCursor(rows, from, to);

        public void Dispose()
        {
            if (!_disposed)
            {
                _disposed = true;
                engine.OpenSnapshots--;
            }
        }
    }

    private sealed class RowBatch : StateBatch
    {
        private readonly List<(byte[] Key, byte[]? Value, byte[]? To)> _writes = [];

        public override void Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => _writes.Add((key.ToArray(), value.ToArray(), null));

        public override void Delete(ReadOnlySpan<byte> key) => _writes.Add((key.ToArray(), null, null));

        public override void DeleteRange(ReadOnlySpan<byte> from, ReadOnlySpan<byte> to) => _writes.Add((from.ToArray(), null, to.ToArray()));

        public override void Clear() => _writes.Clear();

        public override void Dispose() => _writes.Clear();

        public RowTree? ApplyTo(RowTree? rows)
        {
            foreach ((byte[] key, byte[]? value, byte[]? to) in _writes)
            {
                if (to is not null)
                {
                    rows = RowTree.RemoveRange(rows, key, to);
                }
                else
                {
                    rows = value is null ? RowTree.Remove(rows, key) : RowTree.Set(rows, key, value);
                }
            }

            return rows;
        }
    }
}
