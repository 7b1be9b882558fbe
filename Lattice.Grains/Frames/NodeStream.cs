using Lattice.Grains.Streams;

namespace Lattice.Grains.Frames;

/// <summary>What one node says to another on a connection for Raft's frames: a <see cref="FrameStream"/> of which nothing is answered.</summary>
internal static class NodeStream
{
    /// <summary>Longest frame that is taken: no node keeps more for a peer. A longer one can only be meant by somebody who is none.</summary>
    public const int LongestFrame = 66 << 20;

    /// <summary>How such a connection begins.</summary>
    public static ReadOnlyMemory<byte> Mark { get; } = "LATTICEF"u8.ToArray();
}
