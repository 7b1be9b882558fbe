using Lattice.Core.Disk;
using Lattice.Core.State;

namespace Lattice.Core.Tests.Verification;

/// <summary>A state engine in a sorted list: opening one costs nothing, so that thousands of short histories can each have their own.</summary>
internal sealed class MemoryEngine : IStateEngine
{
    private List<(byte[] Key, byte[] Value)> rows = [];

    /// <summary>Whether the volume has no room.</summary>
    public bool IsFull { get; set; }

    /// <summary>All rows, in order.</summary>
    public IReadOnlyList<(byte[] Key, byte[] Value)> Rows => rows;

    public StateBatch CreateBatch() => new Batch();

    public void Write(StateBatch batch)
    {
        if (IsFull)
        {
            throw new DiskFullException("The volume of the state is full.");
        }

        foreach ((byte[] key, byte[]? value, byte[]? to) in ((Batch)batch).Writes)
        {
            if (to is not null)
            {
                int first = Place(rows, key, out _);
                rows.RemoveRange(first, Place(rows, to, out _) - first);
                continue;
            }

            int place = Place(rows, key, out bool isThere);
            if (isThere)
            {
                rows.RemoveAt(place);
            }

            if (value is not null)
            {
                rows.Insert(place, (key, value));
            }
        }
    }

    /// <summary>Puts something into the place of a row behind everybody's back; null: the row is lost.</summary>
    public void Tamper(ReadOnlySpan<byte> key, byte[]? value)
    {
        using var batch = new Batch();
        if (value is null)
        {
            batch.Delete(key);
        }
        else
        {
            batch.Put(key, value);
        }

        Write(batch);
    }

    public IStateSnapshot Snapshot() => new View([.. rows]);

    public void Flush()
    {
    }

    public byte[]? Get(ReadOnlySpan<byte> key) => Get(rows, key);

    // A cursor of the real engine does not see what is written after it was opened.
    public IStateCursor Cursor(ReadOnlyMemory<byte> from, ReadOnlyMemory<byte> to) => new Walk(rows, from.Span, to.Span);

    public void Dispose()
    {
    }

    private static byte[]? Get(List<(byte[] Key, byte[] Value)> rows, ReadOnlySpan<byte> key) =>
        Place(rows, key, out bool isThere) is var place && isThere ? [.. rows[place].Value] : null;

    private static int Place(List<(byte[] Key, byte[] Value)> rows, ReadOnlySpan<byte> key, out bool isThere)
    {
        (int low, int high) = (0, rows.Count);
        isThere = false;
        while (low < high)
        {
            int middle = (low + high) / 2;
            int order = key.SequenceCompareTo(rows[middle].Key);
            if (order == 0)
            {
                isThere = true;
                return middle;
            }

            (low, high) = order < 0 ? (low, middle) : (middle + 1, high);
        }

        return low;
    }

    private sealed class View(List<(byte[] Key, byte[] Value)> rows) : IStateSnapshot
    {
        public byte[]? Get(ReadOnlySpan<byte> key) => MemoryEngine.Get(rows, key);

        public IStateCursor Cursor(ReadOnlyMemory<byte> from, ReadOnlyMemory<byte> to) => new Walk(rows, from.Span, to.Span);

        public void Dispose()
        {
        }
    }

    private sealed class Walk : IStateCursor
    {
        private readonly List<(byte[] Key, byte[] Value)> passed;
        private int at = -1;

        public Walk(List<(byte[] Key, byte[] Value)> rows, ReadOnlySpan<byte> from, ReadOnlySpan<byte> to)
        {
            int first = Place(rows, from, out _);
            passed = rows.GetRange(first, Math.Max(0, Place(rows, to, out _) - first));
        }

        public ReadOnlySpan<byte> Key => passed[at].Key;

        public ReadOnlySpan<byte> Value => passed[at].Value;

        public bool Next()
        {
            at = Math.Min(at + 1, passed.Count);
            return at < passed.Count;
        }

        public void Dispose()
        {
        }
    }

    private sealed class Batch : StateBatch
    {
        public List<(byte[] Key, byte[]? Value, byte[]? To)> Writes { get; } = [];

        public override void Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => Writes.Add((key.ToArray(), value.ToArray(), null));

        public override void Delete(ReadOnlySpan<byte> key) => Writes.Add((key.ToArray(), null, null));

        public override void DeleteRange(ReadOnlySpan<byte> from, ReadOnlySpan<byte> to) => Writes.Add((from.ToArray(), null, to.ToArray()));

        public override void Clear() => Writes.Clear();

        public override void Dispose() => Writes.Clear();
    }
}
