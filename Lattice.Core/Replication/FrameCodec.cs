using System.Buffers.Binary;
using System.IO.Hashing;
using Lattice.Core.Upgrade;

namespace Lattice.Core.Replication;

/// <summary>
/// The head of a frame between nodes: a checksum of all that follows, the version, who sends it, the sender's Lamport time, and which feature levels its binary knows. What follows are
/// messages as <see cref="MessageCodec"/> has them. Checksums of the transport end where a buffer is copied; this one goes from the memory of one node to
/// that of the other.
/// </summary>
public static class FrameCodec
{
    /// <summary>Version of the head; a frame of another version is refused.</summary>
    public const byte Version = 2;

    /// <summary>Bytes before the messages.</summary>
    public const int HeaderBytes = ChecksumBytes + 1 + 4 + 8 + 2 + 2;

    private const int ChecksumBytes = 8;
    private const int VersionAt = ChecksumBytes;
    private const int FromAt = VersionAt + 1;
    private const int LamportAt = FromAt + 4;
    private const int OldestAt = LamportAt + 8;
    private const int NewestAt = OldestAt + 2;

    /// <summary>Writes the head of a frame whose messages are complete.</summary>
    /// <param name="frame">The frame: <see cref="HeaderBytes"/> that are free, then the messages.</param>
    /// <param name="from">The sending node.</param>
    /// <param name="lamport">Its Lamport time.</param>
    /// <param name="levels">Feature levels that its binary knows.</param>
    public static void Seal(Span<byte> frame, int from, ulong lamport, LevelRange levels)
    {
        frame[VersionAt] = Version;
        BinaryPrimitives.WriteInt32LittleEndian(frame[FromAt..], from);
        BinaryPrimitives.WriteUInt64LittleEndian(frame[LamportAt..], lamport);
        BinaryPrimitives.WriteUInt16LittleEndian(frame[OldestAt..], checked((ushort)levels.Oldest));
        BinaryPrimitives.WriteUInt16LittleEndian(frame[NewestAt..], checked((ushort)levels.Newest));
        BinaryPrimitives.WriteUInt64LittleEndian(frame, XxHash3.HashToUInt64(frame[ChecksumBytes..]));
    }

    /// <summary>Checks a frame that came.</summary>
    /// <param name="frame">The frame.</param>
    /// <param name="messages">Its messages, for <see cref="MessageCodec.Read"/>.</param>
    /// <returns>The sender's Lamport time.</returns>
    /// <exception cref="MessageFormatException">The frame is damaged or of an unknown version.</exception>
    public static ulong Open(ReadOnlyMemory<byte> frame, out ReadOnlyMemory<byte> messages)
    {
        ReadOnlySpan<byte> bytes = frame.Span;
        if (bytes.Length < HeaderBytes)
        {
            throw new MessageFormatException($"A peer sent a frame of {bytes.Length} bytes, shorter than its head of {HeaderBytes}: it was cut on the way. It is dropped; Raft sends again.");
        }

        if (BinaryPrimitives.ReadUInt64LittleEndian(bytes) != XxHash3.HashToUInt64(bytes[ChecksumBytes..]))
        {
            throw new MessageFormatException($"A frame of {bytes.Length} bytes that says it is from node {SenderOf(bytes)} does not have its checksum: it was damaged on the way or in the memory of one of the two nodes. It is dropped; Raft sends again. If it happens again and again, check the memory and the network adapters of both.");
        }

        if (bytes[VersionAt] != Version)
        {
            throw new MessageFormatException($"Node {SenderOf(bytes)} sent a frame of format {bytes[VersionAt]}; this binary reads format {Version}. Nodes of one cluster may differ by one version at most: upgrade the older one.");
        }

        messages = frame[HeaderBytes..];
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes[LamportAt..]);
    }

    /// <summary>Feature levels that the sender's binary knows, as a frame says that was opened.</summary>
    public static LevelRange LevelsOf(ReadOnlySpan<byte> frame) =>
        new(BinaryPrimitives.ReadUInt16LittleEndian(frame[OldestAt..]), BinaryPrimitives.ReadUInt16LittleEndian(frame[NewestAt..]));

    /// <summary>The node that a frame, be it damaged, says it is from; 0 when it is too short to say so.</summary>
    public static int SenderOf(ReadOnlySpan<byte> frame) => frame.Length >= LamportAt ? BinaryPrimitives.ReadInt32LittleEndian(frame[FromAt..]) : 0;
}
