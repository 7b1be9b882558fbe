using System.IO.Hashing;
using System.Text;
using Lattice.Core.Consensus;

namespace Lattice.Core.State;

/// <summary>One group in a snapshot file.</summary>
/// <param name="Group">The group.</param>
/// <param name="Position">Last entry whose effect is in it.</param>
/// <param name="Offset">Where its blocks begin.</param>
/// <param name="Length">Bytes of its blocks.</param>
public sealed record SnapshotSection(uint Group, LogPosition Position, long Offset, long Length);

/// <summary>
/// Header and directory of a snapshot file, little-endian. Header: <c>"LATTSNAP", version u16, length u32, number u64, created u64, node u32, cluster
/// id u64, name bytes16, XxHash128</c>. Directory, at the end of the file: <c>count u32, for each group {group u32, index u64, term u64, offset u64,
/// length u64}, XxHash128, length u32, "LATTSEND"</c>. Length counts the whole part.
/// </summary>
internal static class SnapshotFileFormat
{
    public const int HeaderStart = 8 + 2 + 4;
    public const int TrailerSize = 4 + 8;
    public const int MaxHeader = 4096;
    public const int MaxDirectory = 16 << 20;

    internal const ushort Version = 1;
    private const int ChecksumSize = 16;
    private const int SectionSize = 4 + 8 + 8 + 8 + 8;

    private static ReadOnlySpan<byte> FirstMagic => "LATTSNAP"u8;

    private static ReadOnlySpan<byte> LastMagic => "LATTSEND"u8;

    public static byte[] EncodeHeader(SnapshotFileInfo info)
    {
        var writer = new WireWriter();
        writer.Raw(FirstMagic);
        writer.U16(Version);
        writer.U32(0);
        writer.U64(info.Number);
        writer.U64(info.CreatedMs);
        writer.U32((uint)info.Node);
        writer.U64(info.ClusterId);
        writer.Bytes16(Encoding.UTF8.GetBytes(info.ClusterName));
        writer.PatchU32(8 + 2, (uint)(writer.Length + ChecksumSize));
        writer.Raw(XxHash128.Hash(writer.Written));
        return writer.ToArray();
    }

    /// <summary>Length of the header that begins with these bytes.</summary>
    /// <exception cref="SnapshotCorruptException">It is none, or one of a newer version.</exception>
    public static int HeaderLength(ReadOnlySpan<byte> start)
    {
        if (start.Length < HeaderStart || !start.StartsWith(FirstMagic))
        {
            throw new SnapshotCorruptException("It does not begin as a snapshot file does.");
        }

        var reader = new WireReader(start[FirstMagic.Length..]);
        ushort version = reader.U16();
        if (version != Version)
        {
            throw new SnapshotCorruptException($"It has format {version}, but this binary reads format {Version}; read it with the version of Lattice that wrote it.");
        }

        uint length = reader.U32();
        return length is > HeaderStart + ChecksumSize and <= MaxHeader ? (int)length : throw new SnapshotCorruptException("Its header has an impossible length.");
    }

    public static SnapshotFileInfo DecodeHeader(ReadOnlySpan<byte> header)
    {
        Check(header, "header");
        var reader = new WireReader(header[..^ChecksumSize]);
        reader.Raw(HeaderStart);
        ulong number = reader.U64();
        ulong created = reader.U64();
        uint node = reader.U32();
        ulong cluster = reader.U64();
        Range name = reader.Bytes16();
        return reader.AtEnd
            ? new SnapshotFileInfo(number, created, (int)node, cluster, Encoding.UTF8.GetString(header[name]))
            : throw new SnapshotCorruptException("Its header breaks off.");
    }

    public static byte[] EncodeDirectory(IReadOnlyList<SnapshotSection> sections)
    {
        var writer = new WireWriter();
        writer.U32((uint)sections.Count);
        foreach (SnapshotSection section in sections)
        {
            writer.U32(section.Group);
            writer.U64(section.Position.Index);
            writer.U64(section.Position.Term);
            writer.U64((ulong)section.Offset);
            writer.U64((ulong)section.Length);
        }

        writer.Raw(XxHash128.Hash(writer.Written));
        writer.U32((uint)(writer.Length + TrailerSize));
        writer.Raw(LastMagic);
        return writer.ToArray();
    }

    /// <summary>Length of the directory that ends with these bytes.</summary>
    /// <exception cref="SnapshotCorruptException">The file does not end as it should.</exception>
    public static int DirectoryLength(ReadOnlySpan<byte> trailer)
    {
        if (trailer.Length != TrailerSize || !trailer[4..].SequenceEqual(LastMagic))
        {
            throw new SnapshotCorruptException("It does not end as a snapshot file does: it was not copied or written to its end.");
        }

        uint length = new WireReader(trailer).U32();
        return length is >= 4 + ChecksumSize + TrailerSize and <= MaxDirectory ? (int)length : throw new SnapshotCorruptException("Its directory has an impossible length.");
    }

    public static SnapshotSection[] DecodeDirectory(ReadOnlySpan<byte> directory, long headerLength, long directoryOffset)
    {
        ReadOnlySpan<byte> body = directory[..^TrailerSize];
        Check(body, "directory");
        var reader = new WireReader(body[..^ChecksumSize]);
        uint count = reader.U32();
        if (count != (uint)reader.Remaining / SectionSize)
        {
            throw new SnapshotCorruptException("Its directory breaks off.");
        }

        var sections = new SnapshotSection[count];
        long offset = headerLength;
        for (int i = 0; i < sections.Length; i++)
        {
            uint group = reader.U32();
            ulong index = reader.U64();
            ulong term = reader.U64();
            sections[i] = new SnapshotSection(group, new LogPosition(index, term), (long)reader.U64(), (long)reader.U64());
            if (sections[i].Offset != offset || sections[i].Length < 0 || sections[i].Length > directoryOffset - offset)
            {
                throw new SnapshotCorruptException("Its directory does not describe what lies before it.");
            }

            offset += sections[i].Length;
        }

        return reader.AtEnd && offset == directoryOffset ? sections : throw new SnapshotCorruptException("Its directory does not describe what lies before it.");
    }

    private static void Check(ReadOnlySpan<byte> part, string name)
    {
        if (!XxHash128.Hash(part[..^ChecksumSize]).AsSpan().SequenceEqual(part[^ChecksumSize..]))
        {
            throw new SnapshotCorruptException($"The checksum of its {name} does not match.");
        }
    }
}
