namespace Lattice.Bench.Peers.DotNextRaft;

/// <summary>What a frame says.</summary>
internal enum FrameKind : byte
{
    /// <summary>A request: set the record in the body, see <see cref="RecordFormat"/>.</summary>
    Write,

    /// <summary>A request: the value of the key in the body.</summary>
    Read,

    /// <summary>A request: who leads, and how far the node has applied the log.</summary>
    Status,

    /// <summary>An answer: done; the body is what was asked for.</summary>
    Done,

    /// <summary>An answer: the node does not lead; the body is the number of the node that does, one byte, 0 when it does not know.</summary>
    NotLeader,

    /// <summary>An answer: it failed; the body says why, in UTF-8.</summary>
    Failed,
}

/// <summary>A request or its answer. On the wire: the length of what follows, the number, the kind, the body.</summary>
/// <param name="Id">Number of the request; its answer has the same.</param>
/// <param name="Kind">What it says.</param>
/// <param name="Body">The rest.</param>
internal readonly record struct Frame(int Id, FrameKind Kind, ReadOnlyMemory<byte> Body);
