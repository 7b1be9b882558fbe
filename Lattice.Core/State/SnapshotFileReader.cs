using Lattice.Core.Consensus;
using Lattice.Core.Disk;

namespace Lattice.Core.State;

/// <summary>Reads a snapshot file, a block at a time.</summary>
public sealed class SnapshotFileReader : IDisposable
{
    private readonly IDiskFile file;
    private readonly string path;

    private SnapshotFileReader(IDiskFile file, string path, SnapshotFileInfo info, IReadOnlyList<SnapshotSection> sections)
    {
        this.file = file;
        this.path = path;
        Info = info;
        Sections = sections;
    }

    /// <summary>What the file says about itself.</summary>
    public SnapshotFileInfo Info { get; }

    /// <summary>The groups in it, in the order in which they lie there.</summary>
    public IReadOnlyList<SnapshotSection> Sections { get; }

    /// <summary>What a group's snapshot stands for; from its first block.</summary>
    /// <exception cref="SnapshotCorruptException">The block is damaged.</exception>
    public SnapshotMetadata ReadMetadata(SnapshotSection section)
    {
        using var parser = new SnapshotParser(section.Group, section.Position, NoRows.Instance);
        foreach (ReadOnlyMemory<byte> block in Blocks(section))
        {
            AddTo(parser, block, section.Offset);
            break;
        }

        return parser.Header is { } header
            ? new SnapshotMetadata(header.Meta.Applied, header.Configuration)
            : throw new SnapshotCorruptException(path, section.Offset, "It holds nothing for a group that its directory names.");
    }

    /// <summary>The blocks of a group, for <see cref="SnapshotInstaller.Add"/>; each is whole, has its right checksum and number.</summary>
    /// <exception cref="SnapshotCorruptException">A block is damaged.</exception>
    public IEnumerable<ReadOnlyMemory<byte>> Blocks(SnapshotSection section)
    {
        long offset = section.Offset;
        long end = section.Offset + section.Length;
        for (uint number = 0; offset < end; number++)
        {
            byte[] block = ReadBlock(offset, end, number);
            offset += block.Length;
            yield return block;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();

    internal static SnapshotFileReader Open(IDiskFile opened, string path)
    {
        long offset = 0;
        try
        {
            int headerLength = SnapshotFileFormat.HeaderLength(Read(opened, 0, SnapshotFileFormat.HeaderStart));
            SnapshotFileInfo info = SnapshotFileFormat.DecodeHeader(Read(opened, 0, headerLength));
            offset = Math.Max(0, opened.Length - SnapshotFileFormat.TrailerSize);
            int directoryLength = SnapshotFileFormat.DirectoryLength(Read(opened, offset, SnapshotFileFormat.TrailerSize));
            if (opened.Length - directoryLength < headerLength)
            {
                throw new SnapshotCorruptException("Its directory is longer than what lies before it.");
            }

            offset = opened.Length - directoryLength;
            SnapshotSection[] sections = SnapshotFileFormat.DecodeDirectory(Read(opened, offset, directoryLength), headerLength, offset);
            return new SnapshotFileReader(opened, path, info, sections);
        }
        catch (SnapshotCorruptException e)
        {
            opened.Dispose();
            throw new SnapshotCorruptException(path, offset, e.Message, e);
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    /// <summary>Reads a group to its end and checks everything.</summary>
    internal void Verify(SnapshotSection section)
    {
        var rows = new DigestedRows(section.Group);
        using var parser = new SnapshotParser(section.Group, section.Position, rows);
        long offset = section.Offset;
        foreach (ReadOnlyMemory<byte> block in Blocks(section))
        {
            if (parser.IsComplete)
            {
                throw new SnapshotCorruptException(path, offset, $"Blocks follow the last one of group {section.Group}.");
            }

            AddTo(parser, block, offset);
            offset += block.Length;
        }

        if (!parser.IsComplete)
        {
            throw new SnapshotCorruptException(path, offset, $"The last block of group {section.Group} is missing.");
        }

        try
        {
            rows.Digests.CheckAgainst(parser.Header!);
        }
        catch (SnapshotCorruptException e)
        {
            throw new SnapshotCorruptException(path, section.Offset, e.Message, e);
        }
    }

    private static byte[] Read(IDiskFile from, long offset, int length)
    {
        byte[] bytes = new byte[length];
        return from.Read(offset, bytes) == length ? bytes : throw new SnapshotCorruptException("It ends too early.");
    }

    private void AddTo(SnapshotParser parser, ReadOnlyMemory<byte> block, long offset)
    {
        try
        {
            parser.Add(block.Span);
        }
        catch (SnapshotCorruptException e)
        {
            throw new SnapshotCorruptException(path, offset, e.Message, e);
        }
    }

    private byte[] ReadBlock(long offset, long end, uint number)
    {
        try
        {
            int size = SnapshotBlock.SizeOf(Read(file, offset, SnapshotBlock.HeaderSize));
            if (size > end - offset)
            {
                throw new SnapshotCorruptException($"Block {number} runs past the end of its group.");
            }

            byte[] block = Read(file, offset, size);
            SnapshotBlock.Check(block, number);
            return block;
        }
        catch (SnapshotCorruptException e)
        {
            throw new SnapshotCorruptException(path, offset, e.Message, e);
        }
    }

    /// <summary>Computes the digest of the rows.</summary>
    private sealed class DigestedRows(uint group) : ISnapshotRows
    {
        public DigestTable Digests { get; } = new(group);

        public void Row(RowKind kind, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => Digests.AddOfSnapshot(kind, key, value);
    }

    private sealed class NoRows : ISnapshotRows
    {
        public static NoRows Instance { get; } = new();

        public void Row(RowKind kind, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
        {
            // Only the checks are wanted.
        }
    }
}
