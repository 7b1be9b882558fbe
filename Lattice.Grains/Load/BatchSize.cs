using System.Buffers.Binary;

namespace Lattice.Grains.Load;

/// <summary>How many commands or queries an encoded batch says that it holds (<c>docs/wire-format.md</c>), without reading the rest: only for those that were found to be whole.</summary>
internal static class BatchSize
{
    private const int CommandCountAt = 1 + 16 + 8;
    private const int QueryCountAt = 1;

    /// <summary>Commands of a write batch.</summary>
    public static int OfWrites(ReadOnlySpan<byte> batch) => CountAt(batch, CommandCountAt);

    /// <summary>Queries of a query batch.</summary>
    public static int OfQueries(ReadOnlySpan<byte> batch) => CountAt(batch, QueryCountAt);

    private static int CountAt(ReadOnlySpan<byte> batch, int place) =>
        batch.Length >= place + sizeof(uint) ? BinaryPrimitives.ReadInt32LittleEndian(batch[place..]) : 0;
}
