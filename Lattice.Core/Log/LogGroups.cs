namespace Lattice.Core.Log;

/// <summary>
/// The groups of a log, and those removed whose removal is not durable yet. Guarded by the log's lock, except for
/// <see cref="Count"/>.
/// </summary>
internal sealed class LogGroups
{
    private readonly SortedDictionary<uint, GroupLog> _groups = [];
    private readonly List<GroupState> _removed = [];
    private int _count;

    public int Count => Volatile.Read(ref _count);

    public IReadOnlyList<uint> Ids => [.. _groups.Keys];

    public long LiveBytes
    {
        get
        {
            long bytes = 0;
            foreach (GroupLog group in _groups.Values)
            {
                bytes += group.Bytes;
            }

            return bytes;
        }
    }

    /// <summary>Bytes of the body of a segment's first record.</summary>
    public int StartBytes => RecordBody.StartHeaderBytes + (RecordedCount * RecordBody.StartGroupBytes);

    private int RecordedCount
    {
        get
        {
            int count = 0;
            foreach (GroupLog group in _groups.Values)
            {
                count += group.State.Recorded ? 1 : 0;
            }

            return count;
        }
    }

    public GroupLog? Find(uint id) => _groups.GetValueOrDefault(id);

    public void Add(GroupLog group)
    {
        _groups.Add(group.Id, group);
        Volatile.Write(ref _count, _groups.Count);
    }

    /// <summary>Removes a group; what it pins stays pinned until its removal is durable.</summary>
    public void Remove(GroupLog group)
    {
        _groups.Remove(group.Id);
        _removed.Add(group.State);
        Volatile.Write(ref _count, _groups.Count);
    }

    /// <summary>Writes the body of a segment's first record.</summary>
    public void WriteStart(Span<byte> body, uint segment)
    {
        RecordBody.WriteStartHeader(body, segment, RecordedCount);
        body = body[RecordBody.StartHeaderBytes..];
        foreach (GroupLog group in _groups.Values)
        {
            GroupState state = group.State;
            if (state.Recorded)
            {
                RecordBody.WriteStartGroup(body, state.Id, state.Hard, state.Compacted, state.LastIndex);
                body = body[RecordBody.StartGroupBytes..];
            }
        }
    }

    /// <summary>The oldest segment that a group needs, given what has been synced, and the group; <see cref="GroupState.None"/> when none is needed.</summary>
    public (uint Segment, GroupState? Group) OldestPin(long synced)
    {
        (uint Segment, GroupState? Group) oldest = (GroupState.None, null);
        foreach (GroupLog group in _groups.Values)
        {
            oldest = Older(oldest, group.State, synced);
        }

        _removed.RemoveAll(group => group.Pin(synced) == GroupState.None);
        foreach (GroupState group in _removed)
        {
            oldest = Older(oldest, group, synced);
        }

        return oldest;
    }

    private static (uint Segment, GroupState? Group) Older((uint Segment, GroupState? Group) oldest, GroupState group, long synced)
    {
        uint pin = group.Pin(synced);
        return pin < oldest.Segment ? (pin, group) : oldest;
    }
}
