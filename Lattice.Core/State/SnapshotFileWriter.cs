using Lattice.Core.Disk;

namespace Lattice.Core.State;

/// <summary>Writes a snapshot file, a block at a time.</summary>
internal sealed class SnapshotFileWriter(IDiskFile file)
{
    private long offset;

    public void Write(SnapshotFileInfo info, IReadOnlyList<GroupSnapshot> groups)
    {
        Append(SnapshotFileFormat.EncodeHeader(info));
        var sections = new List<SnapshotSection>();
        foreach (GroupSnapshot group in groups)
        {
            long start = offset;
            foreach (ReadOnlyMemory<byte> block in group.Blocks())
            {
                Append(block.Span);
            }

            sections.Add(new SnapshotSection(group.Group, group.Metadata.Position, start, offset - start));
        }

        Append(SnapshotFileFormat.EncodeDirectory(sections));
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        file.Write(offset, bytes);
        offset += bytes.Length;
    }
}
