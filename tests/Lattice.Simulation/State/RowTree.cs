using System.IO.Hashing;

namespace Lattice.Simulation.State;

/// <summary>
/// A persistent ordered map of byte strings: every change gives a new tree that shares all but a path with the old one,
/// so that a snapshot, or every state since the last flush, costs nothing to keep. A treap whose priorities are hashes
/// of the keys: its shape depends on the keys alone.
/// </summary>
internal sealed class RowTree
{
    private readonly ulong _priority;

    private RowTree(byte[] key, byte[] value, ulong priority, RowTree? left, RowTree? right)
    {
        Key = key;
        Value = value;
        _priority = priority;
        Left = left;
        Right = right;
    }

    public byte[] Key { get; }

    public byte[] Value { get; }

    public RowTree? Left { get; }

    public RowTree? Right { get; }

    public static byte[]? Get(RowTree? tree, ReadOnlySpan<byte> key)
    {
        while (tree is not null)
        {
            int order = key.SequenceCompareTo(tree.Key);
            if (order == 0)
            {
                return tree.Value;
            }

            tree = order < 0 ? tree.Left : tree.Right;
        }

        return null;
    }

    public static RowTree Set(RowTree? tree, byte[] key, byte[] value) => Set(tree, key, value, XxHash3.HashToUInt64(key));

    public static RowTree? Remove(RowTree? tree, ReadOnlySpan<byte> key)
    {
        if (tree is null)
        {
            return null;
        }

        int order = key.SequenceCompareTo(tree.Key);
        if (order == 0)
        {
            return Join(tree.Left, tree.Right);
        }

        if (order < 0)
        {
            RowTree? left = Remove(tree.Left, key);
            return ReferenceEquals(left, tree.Left) ? tree : tree.With(left, tree.Right);
        }

        RowTree? right = Remove(tree.Right, key);
        return ReferenceEquals(right, tree.Right) ? tree : tree.With(tree.Left, right);
    }

    /// <summary>Without the keys from <paramref name="from"/> (inclusive) to <paramref name="to"/> (exclusive).</summary>
    public static RowTree? RemoveRange(RowTree? tree, ReadOnlySpan<byte> from, ReadOnlySpan<byte> to)
    {
        (RowTree? below, RowTree? rest) = Split(tree, from);
        (_, RowTree? above) = Split(rest, to);
        return Join(below, above);
    }

    private static RowTree Set(RowTree? tree, byte[] key, byte[] value, ulong priority)
    {
        if (tree is null)
        {
            return new RowTree(key, value, priority, null, null);
        }

        int order = key.AsSpan().SequenceCompareTo(tree.Key);
        if (order == 0)
        {
            return new RowTree(key, value, priority, tree.Left, tree.Right);
        }

        if (priority > tree._priority)
        {
            (RowTree? left, RowTree? right) = Split(tree, key);
            return new RowTree(key, value, priority, left, right);
        }

        return order < 0
            ? tree.With(Set(tree.Left, key, value, priority), tree.Right)
            : tree.With(tree.Left, Set(tree.Right, key, value, priority));
    }

    /// <summary>What lies below the key, and the rest.</summary>
    private static (RowTree? Below, RowTree? Above) Split(RowTree? tree, ReadOnlySpan<byte> key)
    {
        if (tree is null)
        {
            return (null, null);
        }

        if (tree.Key.AsSpan().SequenceCompareTo(key) < 0)
        {
            (RowTree? below, RowTree? rest) = Split(tree.Right, key);
            return (tree.With(tree.Left, below), rest);
        }
        else
        {
            (RowTree? below, RowTree? rest) = Split(tree.Left, key);
            return (below, tree.With(rest, tree.Right));
        }
    }

    private static RowTree? Join(RowTree? left, RowTree? right)
    {
        if (left is null || right is null)
        {
            return left ?? right;
        }

        return left._priority > right._priority
            ? left.With(left.Left, Join(left.Right, right))
            : right.With(Join(left, right.Left), right.Right);
    }

    private RowTree With(RowTree? left, RowTree? right) => new(Key, Value, _priority, left, right);
}
