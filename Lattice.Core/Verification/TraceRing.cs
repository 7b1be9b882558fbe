namespace Lattice.Core.Verification;

/// <summary>
/// The latest events, in places that are used in turn. Any number of threads write without waiting for each other, and somebody may read at the
/// same time.
/// </summary>
/// <remarks>
/// Every place has a state: twice the number of the write that filled it, plus two; odd while it is being written. A writer takes its place with a
/// compare-and-swap from a completed, older state, so one place never has two writers; one that comes a whole round too late, or finds the place still being
/// written, gives its event up. A reader copies a place and believes the copy only if the state was even before and is the same afterwards (a seqlock).
/// </remarks>
internal sealed class TraceRing
{
    private readonly Slot[] slots;
    private readonly long mask;
    private long next;
    private long lost;

    /// <summary>A ring of so many places, a power of two.</summary>
    public TraceRing(int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 2);
        ArgumentOutOfRangeException.ThrowIfNotEqual(capacity & (capacity - 1), 0, nameof(capacity));
        slots = new Slot[capacity];
        mask = capacity - 1;
    }

    private struct Slot
    {
        public long State;
        public TraceEvent Event;
    }

    /// <summary>Events written since the start, whether they are still here or not.</summary>
    public long Written => Volatile.Read(ref next) - Interlocked.Read(ref lost);

    /// <summary>Writes an event over the oldest one.</summary>
    public void Write(in TraceEvent written)
    {
        long number = Interlocked.Increment(ref next) - 1;
        ref Slot slot = ref slots[number & mask];
        long writing = (number << 1) | 1;
        long state = Volatile.Read(ref slot.State);
        if ((state & 1) != 0 || state > writing || Interlocked.CompareExchange(ref slot.State, writing, state) != state)
        {
            Interlocked.Increment(ref lost);
            return;
        }

        slot.Event = written;

        // Whoever sees this state sees the whole event.
        Volatile.Write(ref slot.State, writing + 1);
    }

    /// <summary>Adds the events of a group that are here, in no particular order.</summary>
    public void CopyTo(List<TraceEvent> events, uint? group)
    {
        for (int i = 0; i < slots.Length; i++)
        {
            if (TryRead(ref slots[i], out TraceEvent read) && read.Concerns(group))
            {
                events.Add(read);
            }
        }
    }

    private static bool TryRead(ref Slot slot, out TraceEvent read)
    {
        long before = Volatile.Read(ref slot.State);
        read = slot.Event;

        // The copy above must not be made after the look below.
        Volatile.ReadBarrier();
        return before != 0 && (before & 1) == 0 && Volatile.Read(ref slot.State) == before;
    }
}
