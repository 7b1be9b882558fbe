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
    private const byte Version = 1;
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
        var reader = new WireReader(row);
        Check(group, reader.U8());
        uint epoch = reader.U32();
        ulong checksum = reader.U64();
        return reader.AtEnd && epoch > 0 && checksum == XxHash3.HashToUInt64(row[..^ChecksumSize]) ? epoch : throw Damaged(group);
    }

    public static GroupMeta Decode(uint group, ReadOnlySpan<byte> row)
    {
        var reader = new WireReader(row);
        Check(group, reader.U8());
        GroupMeta meta = ReadFields(ref reader);
        ulong checksum = reader.U64();
        return reader.AtEnd && checksum == XxHash3.HashToUInt64(row[..^ChecksumSize]) ? meta : throw Damaged(group);
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

    private static void Check(uint group, byte version)
    {
        if (version != Version)
        {
            throw new StateFormatException($"The state of group {group} has format {version}, but this binary reads format {Version}. Start this node with the version that wrote it.");
        }
    }

    public static StateDivergenceException Damaged(uint group) => new(new Divergence
    {
        Kind = DivergenceKind.StoredDigest,
        Phase = DivergencePhase.Boot,
        Group = group,
        Message = $"The rows that say what the state of group {group} stands for are missing or damaged.",
    });
}
