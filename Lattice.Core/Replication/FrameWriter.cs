using System.Buffers;
using System.Runtime.InteropServices;
using Lattice.Core.Consensus;
using Lattice.Core.Upgrade;
using Lattice.Core.Verification;

namespace Lattice.Core.Replication;

/// <summary>Collects messages to one peer into a frame.</summary>
public sealed class FrameWriter
{
    private readonly ArrayBufferWriter<byte> buffer;

    /// <summary>An empty frame.</summary>
    /// <param name="capacity">Bytes that the messages are expected to need.</param>
    public FrameWriter(int capacity)
    {
        buffer = new ArrayBufferWriter<byte>(FrameCodec.HeaderBytes + capacity);
        buffer.GetSpan(FrameCodec.HeaderBytes)[..FrameCodec.HeaderBytes].Clear();
        buffer.Advance(FrameCodec.HeaderBytes);
    }

    /// <summary>Bytes so far.</summary>
    public int Length => buffer.WrittenCount;

    /// <summary>Appends a message.</summary>
    public void Add(uint group, Message message) => MessageCodec.Write(buffer, group, message);

    /// <summary>Completes the frame; it stands for all that this node has done by now.</summary>
    /// <param name="node">The sending node.</param>
    /// <param name="clock">Its logical clock.</param>
    /// <param name="levels">Feature levels that its binary knows; null: those of this one.</param>
    /// <returns>The frame, which this writer must not be used on any more.</returns>
    public ReadOnlyMemory<byte> Seal(int node, LamportClock clock, LevelRange? levels = null)
    {
        FrameCodec.Seal(MemoryMarshal.AsMemory(buffer.WrittenMemory).Span, node, clock.Tick(), levels ?? FeatureLevels.OfThisBinary);
        return buffer.WrittenMemory;
    }
}
