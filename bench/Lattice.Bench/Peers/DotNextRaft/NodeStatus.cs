using System.Buffers.Binary;

namespace Lattice.Bench.Peers.DotNextRaft;

/// <summary>What a node says of itself.</summary>
/// <param name="Leads">Whether it leads.</param>
/// <param name="Applied">Index of the last entry that it has applied.</param>
internal readonly record struct NodeStatus(bool Leads, long Applied)
{
    /// <summary>The body of an answer.</summary>
    public static NodeStatus Parse(ReadOnlySpan<byte> body) => new(body[0] != 0, BinaryPrimitives.ReadInt64LittleEndian(body[1..]));

    /// <summary>As the body of an answer.</summary>
    public byte[] ToBytes()
    {
        byte[] body = new byte[1 + sizeof(long)];
        body[0] = Leads ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteInt64LittleEndian(body.AsSpan(1), Applied);
        return body;
    }
}
