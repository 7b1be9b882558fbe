using System.Buffers.Binary;

namespace Lattice.Core.State;

/// <summary>How many requests a batch carries, read from its head (<c>docs/wire-format.md</c>) and not checked: for measurements, not for decisions.</summary>
public static class RequestCount
{
    private const int WritesAt = WriteBatchReader.HeaderSize - sizeof(uint);
    private const int QueriesAt = 1;

    /// <summary>Commands of a write batch; at least one, and no more than it has bytes.</summary>
    public static int OfWrites(ReadOnlySpan<byte> batch) => Read(batch, WritesAt);

    /// <summary>Queries of a query batch; at least one, and no more than it has bytes.</summary>
    public static int OfQueries(ReadOnlySpan<byte> batch) => Read(batch, QueriesAt);

    private static int Read(ReadOnlySpan<byte> batch, int at) => batch.Length < at + sizeof(uint)
        ? 1
        : (int)Math.Clamp(BinaryPrimitives.ReadUInt32LittleEndian(batch[at..]), 1, (uint)batch.Length);
}
