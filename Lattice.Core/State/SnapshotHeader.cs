using Lattice.Core.Consensus;

namespace Lattice.Core.State;

/// <summary>Content of a snapshot's first block: what it stands for.</summary>
/// <param name="Group">The group.</param>
/// <param name="Meta">Position, revision, clock and digest.</param>
/// <param name="Configuration">The members.</param>
internal sealed record SnapshotHeader(uint Group, GroupMeta Meta, Configuration Configuration)
{
    private const ushort Version = 1;

    public byte[] Encode()
    {
        var writer = new WireWriter();
        writer.U16(Version);
        writer.U32(Group);
        Meta.WriteFields(writer);
        writer.Bytes32(ConfigurationCodec.Encode(Configuration));
        return writer.ToArray();
    }

    public static SnapshotHeader Decode(ReadOnlySpan<byte> content)
    {
        var reader = new WireReader(content);
        ushort version = reader.U16();
        if (!reader.Failed && version != Version)
        {
            throw new SnapshotCorruptException($"The snapshot has format {version}, but this binary reads format {Version}. Read it with the version of Lattice that wrote it.");
        }

        uint group = reader.U32();
        GroupMeta meta = GroupMeta.ReadFields(ref reader);
        Range configuration = reader.Bytes32();
        if (!reader.AtEnd)
        {
            throw new SnapshotCorruptException("The first block of a snapshot breaks off.");
        }

        try
        {
            return new SnapshotHeader(group, meta, ConfigurationCodec.Decode(content[configuration]));
        }
        catch (ConfigurationFormatException e)
        {
            throw new SnapshotCorruptException($"The configuration in a snapshot cannot be read: {e.Message}", e);
        }
    }
}

/// <summary>Content of a snapshot's last block: how much there was.</summary>
/// <param name="Rows">Rows.</param>
/// <param name="Checksum">XxHash128 of the stream of rows.</param>
internal readonly record struct SnapshotEnd(ulong Rows, UInt128 Checksum)
{
    public byte[] Encode()
    {
        var writer = new WireWriter(24);
        writer.U64(Rows);
        writer.Id(Checksum);
        return writer.ToArray();
    }

    public static SnapshotEnd Decode(ReadOnlySpan<byte> content)
    {
        var reader = new WireReader(content);
        var end = new SnapshotEnd(reader.U64(), reader.Id());
        return reader.AtEnd ? end : throw new SnapshotCorruptException("The last block of a snapshot breaks off.");
    }
}
