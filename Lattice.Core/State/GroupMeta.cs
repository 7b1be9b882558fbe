using System.Buffers.Binary;
using System.IO.Hashing;
using Lattice.Core.Consensus;
using Lattice.Core.Verification;

namespace Lattice.Core.State;

/// <summary>What a group's state stands for, kept in one row that each batch of the engine replaces.</summary>
/// <param name="Applied">Last entry applied.</param>
/// <param name="Revision">Revision of the last command that wrote.</param>
/// <param name="ClockMs">Latest time stamped by a leader.</param>
/// <param name="Digest">Digest of the state.</param>
internal readonly record struct GroupMeta(LogPosition Applied, ulong Revision, ulong ClockMs, UInt128 Digest)
{
    internal const byte Version = 1;
    private const int ChecksumSize = 8;

    /// <summary>The row that names the group's epoch.</summary>
    public static byte[] EncodeRoot(uint epoch)
    {
        var writer = new WireWriter(16);
        writer.U8(Version);
        writer.U32(epoch);
        writer.U64(XxHash3.HashToUInt64(writer.Written));
        return writer.ToArray();
    }

    public static uint DecodeRoot(uint group, ReadOnlySpan<byte> row)
    {
        WireReader reader = Open(group, row);
        uint epoch = reader.U32();
        return reader.AtEnd && epoch > 0 ? epoch : throw Damaged(group);
    }

    public static GroupMeta Decode(uint group, ReadOnlySpan<byte> row)
    {
        WireReader reader = Open(group, row);
        GroupMeta meta = ReadFields(ref reader);
        return reader.AtEnd ? meta : throw Damaged(group);
    }

    public static GroupMeta ReadFields(ref WireReader reader)
    {
        ulong index = reader.U64();
        ulong term = reader.U64();
        return new GroupMeta(new LogPosition(index, term), reader.U64(), reader.U64(), reader.Id());
    }

    public void WriteFields(WireWriter writer)
    {
        writer.U64(Applied.Index);
        writer.U64(Applied.Term);
        writer.U64(Revision);
        writer.U64(ClockMs);
        writer.Id(Digest);
    }

    /// <summary>Fills the writer with the row.</summary>
    public void EncodeTo(WireWriter writer)
    {
        writer.Clear();
        writer.U8(Version);
        WriteFields(writer);
        writer.U64(XxHash3.HashToUInt64(writer.Written));
    }

    // The checksum first: a damaged version is not a newer one. In every version it is what the row ends with.
    private static WireReader Open(uint group, ReadOnlySpan<byte> row)
    {
        if (row.Length <= ChecksumSize || BinaryPrimitives.ReadUInt64LittleEndian(row[^ChecksumSize..]) != XxHash3.HashToUInt64(row[..^ChecksumSize]))
        {
            throw Damaged(group);
        }

        var reader = new WireReader(row[..^ChecksumSize]);
        byte version = reader.U8();
        return version == Version
            ? reader
            : throw new StateFormatException($"The state of group {group} has format {version}, but this binary reads format {Version}. Start this node with the version that wrote it.");
    }

    public static StateDivergenceException Damaged(uint group) => new(new Divergence
    {
        Kind = DivergenceKind.StoredDigest,
        Phase = DivergencePhase.Boot,
        Group = group,
        Message = $"The rows that say what the state of group {group} stands for are missing or damaged.",
    });
}
