using Lattice.Core.Consensus;

namespace Lattice.Core.Log;

/// <summary>Reads entries back from the segments: neighbours with one call, each verified by its own check.</summary>
internal sealed class EntryReader(SegmentFiles files)
{
    /// <summary>Largest read, unless one entry is larger.</summary>
    private const int MaxReadBytes = 1 << 20;

    /// <summary>Bytes of other groups' records that are read along rather than read around.</summary>
    private const int MaxGapBytes = 4096;

    /// <summary>Reads entries from index <paramref name="from"/> on, as many as <paramref name="target"/> takes.</summary>
    /// <exception cref="LogCorruptException">An entry is not what was written.</exception>
    public void Read(EntryIndex index, ulong from, Span<Entry> target)
    {
        for (int done = 0; done < target.Length;)
        {
            ref EntrySlot first = ref index[from + (ulong)done];
            long end = EndOf(first);
            int count = 1;
            while (done + count < target.Length)
            {
                ref EntrySlot next = ref index[from + (ulong)(done + count)];
                if (next.Segment != first.Segment || next.Offset - end > MaxGapBytes || EndOf(next) - first.Offset > MaxReadBytes)
                {
                    break;
                }

                end = EndOf(next);
                count++;
            }

            Segment segment = files.Find(first.Segment)
                ?? throw new InvalidOperationException($"Segment {first.Segment} is gone while entry {from + (ulong)done} in it is live.");
            byte[] bytes = GC.AllocateUninitializedArray<byte>((int)(end - first.Offset));
            int read = segment.File.Read(first.Offset, bytes);
            for (int i = 0; i < count; i++)
            {
                ulong at = from + (ulong)(done + i);
                ref EntrySlot slot = ref index[at];
                int offset = (int)(slot.Offset - first.Offset);
                int size = RecordBody.EntryHeaderBytes + slot.Length;
                Entry? entry = offset + size <= read ? RecordBody.ReadEntry(bytes.AsMemory(offset, size), at) : null;
                target[done + i] = entry is not null && entry.Term == slot.Term
                    ? entry
                    : throw new LogCorruptException(segment.Path, slot.Offset, $"entry {at} was good when the log was opened and has been damaged since.");
            }

            done += count;
        }
    }

    private static long EndOf(EntrySlot slot) => (long)slot.Offset + RecordBody.EntryHeaderBytes + slot.Length;
}
