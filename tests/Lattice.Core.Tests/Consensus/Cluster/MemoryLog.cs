using Lattice.Core.Consensus;

namespace Lattice.Core.Tests.Consensus.Cluster;

/// <summary>A log in memory that knows which part of it would survive a crash: what was appended is visible at once and durable once synced.</summary>
internal sealed class MemoryLog : IRaftLogStorage
{
    private readonly Queue<Write> unsynced = new();
    private Image visible = new(default, []);
    private Image durable = new(default, []);

    private sealed record Image(LogPosition Compacted, List<Entry> Entries)
    {
        public Image Copy() => new(Compacted, [.. Entries]);
    }

    private sealed record Write(IReadOnlyList<Entry> Entries, HardState? Hard, LogPosition? Reset);

    public HardState HardState { get; private set; }

    public ulong FirstIndex => Compacted.Index + 1;

    public ulong LastIndex => Compacted.Index + (ulong)visible.Entries.Count;

    public LogPosition Compacted => visible.Compacted;

    public int UnsyncedCount => unsynced.Count;

    public IReadOnlyList<Entry> All => visible.Entries;

    public ulong Term(ulong index)
    {
        if (index < Compacted.Index || index > LastIndex)
        {
            throw new ArgumentOutOfRangeException(nameof(index), index, $"The log holds {Compacted.Index} to {LastIndex}.");
        }

        return index == Compacted.Index ? Compacted.Term : visible.Entries[(int)(index - FirstIndex)].Term;
    }

    public IReadOnlyList<Entry> Entries(ulong from, ulong to, int maxBytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(from, FirstIndex);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(to, LastIndex + 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(from, to);
        var result = new List<Entry>();
        long bytes = 0;
        for (ulong index = from; index < to; index++)
        {
            Entry entry = visible.Entries[(int)(index - FirstIndex)];
            bytes += entry.Size;
            if (bytes > maxBytes && result.Count > 0)
            {
                break;
            }

            result.Add(entry);
        }

        return result;
    }

    public void Append(IReadOnlyList<Entry> entries, HardState? hard)
    {
        var write = new Write(entries, hard, null);
        Apply(visible, write);
        unsynced.Enqueue(write);
    }

    public void Reset(LogPosition position)
    {
        var write = new Write([], null, position);
        visible = new Image(position, []);
        unsynced.Enqueue(write);
    }

    /// <summary>Drops entries; only what is durable and applied may go.</summary>
    public void Compact(ulong upTo)
    {
        Compact(ref visible, upTo);
        Compact(ref durable, upTo);
    }

    /// <summary>Makes the oldest write durable.</summary>
    public void SyncOne()
    {
        Write write = unsynced.Dequeue();
        if (write.Reset is { } position)
        {
            durable = new Image(position, []);
        }

        Apply(durable, write);
        HardState = write.Hard ?? HardState;
    }

    /// <summary>Forgets what was not synced.</summary>
    public void Crash()
    {
        unsynced.Clear();
        visible = durable.Copy();
    }

    private static void Compact(ref Image image, ulong upTo)
    {
        if (upTo > image.Compacted.Index)
        {
            int count = (int)(upTo - image.Compacted.Index);
            image = new Image(new LogPosition(upTo, image.Entries[count - 1].Term), image.Entries[count..]);
        }
    }

    private static void Apply(Image image, Write write)
    {
        if (write.Entries.Count == 0)
        {
            return;
        }

        ulong first = image.Compacted.Index + 1;
        int keep = (int)(write.Entries[0].Index - first);
        if (keep > image.Entries.Count)
        {
            throw new InvalidOperationException("The log would get a gap.");
        }

        image.Entries.RemoveRange(keep, image.Entries.Count - keep);
        image.Entries.AddRange(write.Entries);
    }
}
