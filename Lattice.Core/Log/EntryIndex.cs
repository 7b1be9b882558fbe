using Lattice.Core.Consensus;

namespace Lattice.Core.Log;

/// <summary>Where one entry lies, and the entry itself while it is cached. 32 bytes an entry, whatever its payload.</summary>
internal struct EntrySlot
{
    public Entry? Cached;
    public ulong Term;
    public uint Segment;
    public uint Offset;
    public int Length;

    /// <summary>The place in the log as one number that grows with the log.</summary>
    public readonly long Place => LogPlace.Of(Segment, Offset);
}

/// <summary>Places in the log as numbers that compare: the segment in the upper half, the offset in the lower.</summary>
internal static class LogPlace
{
    public static long Of(uint segment, long offset) => ((long)segment << 32) | offset;
}

/// <summary>The entries of one group by index: a ring that grows at one end and shrinks at both.</summary>
internal sealed class EntryIndex
{
    private const int InitialCapacity = 16;
    private EntrySlot[] _slots = new EntrySlot[InitialCapacity];
    private int _head;

    /// <summary>Index of the first entry, or of the next one when there are none.</summary>
    public ulong First { get; private set; } = 1;

    public int Count { get; private set; }

    /// <summary>Index of the last entry; <c>First - 1</c> when there are none.</summary>
    public ulong Last => First + (ulong)Count - 1;

    public ref EntrySlot this[ulong index] => ref _slots[(_head + (int)(index - First)) & (_slots.Length - 1)];

    public void Add(EntrySlot slot)
    {
        if (Count == _slots.Length)
        {
            Resize(_slots.Length * 2);
        }

        _slots[(_head + Count) & (_slots.Length - 1)] = slot;
        Count++;
    }

    /// <summary>Forgets the entry <see cref="First"/>.</summary>
    public void RemoveFirst()
    {
        _slots[_head] = default;
        _head = (_head + 1) & (_slots.Length - 1);
        First++;
        Count--;
        ShrinkIfSparse();
    }

    /// <summary>Forgets the entry <see cref="Last"/>.</summary>
    public void RemoveLast()
    {
        Count--;
        _slots[(_head + Count) & (_slots.Length - 1)] = default;
        ShrinkIfSparse();
    }

    /// <summary>Forgets everything; the next entry has the index <paramref name="first"/>.</summary>
    public void Reset(ulong first)
    {
        _slots = new EntrySlot[InitialCapacity];
        _head = 0;
        Count = 0;
        First = first;
    }

    private void ShrinkIfSparse()
    {
        // An eighth leaves room to grow again before the next resize, so that a log of steady length never thrashes.
        if (_slots.Length > 1024 && Count < _slots.Length / 8)
        {
            Resize(_slots.Length / 4);
        }
    }

    private void Resize(int capacity)
    {
        var slots = new EntrySlot[capacity];
        int first = Math.Min(Count, _slots.Length - _head);
        Array.Copy(_slots, _head, slots, 0, first);
        Array.Copy(_slots, 0, slots, first, Count - first);
        _slots = slots;
        _head = 0;
    }
}
