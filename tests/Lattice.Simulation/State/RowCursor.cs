using Lattice.Core.State;

namespace Lattice.Simulation.State;

/// <summary>Walks a <see cref="RowTree"/> in order.</summary>
internal sealed class RowCursor : IStateCursor
{
    private readonly Stack<RowTree> _ahead = new();
    private readonly ReadOnlyMemory<byte> _to;
    private RowTree? _current;

    public RowCursor(RowTree? tree, ReadOnlyMemory<byte> from, ReadOnlyMemory<byte> to)
    {
        _to = to;
        while (tree is not null)
        {
            if (tree.Key.AsSpan().SequenceCompareTo(from.Span) >= 0)
            {
                _ahead.Push(tree);
                tree = tree.Left;
            }
            else
            {
                tree = tree.Right;
            }
        }
    }

    /// <summary>The row at the cursor.</summary>
    public RowTree Current => _current!;

    public ReadOnlySpan<byte> Key => _current!.Key;

    public ReadOnlySpan<byte> Value => _current!.Value;

    public bool Next()
    {
        if (!_ahead.TryPop(out _current) || _current.Key.AsSpan().SequenceCompareTo(_to.Span) >= 0)
        {
            _ahead.Clear();
            _current = null;
            return false;
        }

        for (RowTree? next = _current.Right; next is not null; next = next.Left)
        {
            _ahead.Push(next);
        }

        return true;
    }

    public void Dispose()
    {
        _ahead.Clear();
        _current = null;
    }
}
