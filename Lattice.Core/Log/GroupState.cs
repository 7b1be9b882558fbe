using Lattice.Core.Consensus;

namespace Lattice.Core.Log;

/// <summary>
/// What the log as a whole must know of a group: what a new segment's first record says about it, and the oldest
/// segment that it still needs. Guarded by the log's lock.
/// </summary>
internal sealed class GroupState(uint id)
{
    /// <summary>"No segment": larger than any.</summary>
    public const uint None = uint.MaxValue;

    private uint _pin = None;
    private uint _pinAfter = None;
    private long _pinAfterSequence;

    public uint Id => id;

    /// <summary>Whether any record names the group: only then does a segment's first record.</summary>
    public bool Recorded { get; set; }

    public HardState Hard { get; set; }

    public LogPosition Compacted { get; set; }

    public ulong LastIndex { get; set; }

    /// <summary>Segment that holds the first live entry; <see cref="None"/> when no entry is live.</summary>
    public uint FirstLive { get; private set; } = None;

    /// <summary>The first live entry now lies in <paramref name="segment"/>, because of an append to an empty log or at recovery.</summary>
    public void Began(uint segment) => FirstLive = segment;

    /// <summary>
    /// The record <paramref name="sequence"/> made older entries obsolete. Until it is synced, a crash brings them back,
    /// so their segment stays pinned until then.
    /// </summary>
    public void Released(long sequence, uint firstLive, long synced)
    {
        _pin = Pin(synced);
        _pinAfter = firstLive;
        _pinAfterSequence = sequence;
        FirstLive = firstLive;
    }

    /// <summary>Oldest segment that the group needs, given what has been synced.</summary>
    public uint Pin(long synced)
    {
        if (_pinAfterSequence <= synced)
        {
            _pin = _pinAfter;
        }

        return Math.Min(_pin, FirstLive);
    }
}
