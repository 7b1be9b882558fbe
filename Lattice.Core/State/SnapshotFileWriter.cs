using Lattice.Core.Disk;

namespace Lattice.Core.State;

/// <summary>Writes a snapshot file, a block at a time.</summary>
internal static class SnapshotFileWriter
{
    /// <summary>The bytes of a snapshot file, in order and in pieces of bounded size, each of which is over when the next one is taken: for whoever does not write to a disk.</summary>
    public static IEnumerable<ReadOnlyMemory<byte>> Parts(SnapshotFileInfo info, IReadOnlyList<GroupSnapshot> groups)
    {
        byte[] header = SnapshotFileFormat.EncodeHeader(info);
        yield return header;
        long offset = header.Length;
        var sections = new List<SnapshotSection>();
        foreach (GroupSnapshot group in groups)
        {
            long start = offset;
            foreach (ReadOnlyMemory<byte> block in group.Blocks(inOnePlace: true))
            {
                yield return block;
                offset += block.Length;
            }

            sections.Add(new SnapshotSection(group.Group, group.Metadata.Position, start, offset - start));
        }

        yield return SnapshotFileFormat.EncodeDirectory(sections);
    }

    /// <summary>Writes an empty file.</summary>
    public static void Write(IDiskFile file, SnapshotFileInfo info, IReadOnlyList<GroupSnapshot> groups, Action<long>? written)
    {
        long offset = 0;
        foreach (ReadOnlyMemory<byte> part in Parts(info, groups))
        {
            file.Write(offset, part.Span);
            offset += part.Length;
            written?.Invoke(offset);
        }
    }
}
