using System.Buffers.Binary;
using System.IO.Hashing;
using Lattice.Core.Consensus;
using ZstdSharp;

namespace Lattice.Core.State;

/// <summary>Takes the rows of a snapshot, in order.</summary>
internal interface ISnapshotRows
{
    /// <summary>A row.</summary>
    /// <param name="kind">Record or session.</param>
    /// <param name="key">The key after group, epoch and kind.</param>
    /// <param name="value">The value.</param>
    void Row(RowKind kind, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value);
}

/// <summary>
/// Reads the blocks of a group's snapshot and checks all that can be checked: checksums, numbers, the order of rows, how many there
/// are. Memory is that of a block, or of the longest row.
/// </summary>
internal sealed class SnapshotParser(uint group, LogPosition position, ISnapshotRows sink) : IDisposable
{
    private const int RowHeaderSize = 8;

    // No row can be longer: the largest ones hold the results of a session.
    private const uint LongestRow = 256 << 20;

    private readonly Decompressor decompressor = new();
    private readonly byte[] scratch = new byte[SnapshotBlock.MaxContent];
    private readonly XxHash128 checksum = new();
    private readonly byte[] lastKey = new byte[ushort.MaxValue];
    private byte[] unparsed = new byte[2 * SnapshotBlock.MaxContent];
    private int unparsedLength;
    private int lastKeyLength;
    private uint nextBlock;
    private bool failed;

    /// <summary>Whether the last block has come and all of it was right.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>What the snapshot stands for; null before the first block.</summary>
    public SnapshotHeader? Header { get; private set; }

    /// <summary>Rows so far.</summary>
    public ulong Rows { get; private set; }

    /// <summary>Takes the next block.</summary>
    public void Add(ReadOnlySpan<byte> block)
    {
        if (failed || IsComplete)
        {
            throw new InvalidOperationException($"Group {group}: the snapshot {(failed ? "has failed" : "has all its blocks")} and takes no more.");
        }

        failed = true;
        ReadOnlySpan<byte> content = SnapshotBlock.Decode(block, nextBlock, decompressor, scratch, out SnapshotBlockKind kind);
        switch (kind)
        {
            case SnapshotBlockKind.Header when nextBlock == 0:
                TakeHeader(SnapshotHeader.Decode(content));
                break;
            case SnapshotBlockKind.Rows when nextBlock > 0:
                TakeRows(content);
                break;
            case SnapshotBlockKind.End when nextBlock > 0:
                TakeEnd(SnapshotEnd.Decode(content));
                break;
            default:
                throw new SnapshotCorruptException($"Block {nextBlock} of a snapshot is of kind {(byte)kind}, which cannot stand there.");
        }

        nextBlock++;
        failed = false;
    }

    public void Dispose() => decompressor.Dispose();

    private void TakeHeader(SnapshotHeader found)
    {
        if (found.Group != group || found.Meta.Applied != position)
        {
            throw new SnapshotCorruptException($"A snapshot of group {group} at entry {position.Index} of term {position.Term} is due, but the one of group {found.Group} at entry {found.Meta.Applied.Index} of term {found.Meta.Applied.Term} came.");
        }

        Header = found;
    }

    private void TakeRows(ReadOnlySpan<byte> content)
    {
        checksum.Append(content);
        if (unparsed.Length - unparsedLength < content.Length)
        {
            Array.Resize(ref unparsed, Math.Max(2 * unparsed.Length, unparsedLength + content.Length));
        }

        content.CopyTo(unparsed.AsSpan(unparsedLength));
        unparsedLength += content.Length;
        ReadOnlySpan<byte> rest = unparsed.AsSpan(0, unparsedLength);
        while (TryTakeRow(ref rest))
        {
            Rows++;
        }

        rest.CopyTo(unparsed);
        unparsedLength = rest.Length;
    }

    private bool TryTakeRow(ref ReadOnlySpan<byte> rest)
    {
        if (rest.Length < RowHeaderSize)
        {
            return false;
        }

        uint keyLength = BinaryPrimitives.ReadUInt32LittleEndian(rest);
        uint valueLength = BinaryPrimitives.ReadUInt32LittleEndian(rest[4..]);
        if (keyLength is < 2 or > ushort.MaxValue || valueLength > LongestRow)
        {
            throw new SnapshotCorruptException($"A row of a snapshot says that its key has {keyLength} bytes and its value {valueLength}, which cannot be.");
        }

        if (rest.Length - RowHeaderSize < keyLength + valueLength)
        {
            return false;
        }

        TakeRow(rest.Slice(RowHeaderSize, (int)keyLength), rest.Slice(RowHeaderSize + (int)keyLength, (int)valueLength));
        rest = rest[(RowHeaderSize + (int)keyLength + (int)valueLength)..];
        return true;
    }

    private void TakeRow(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        if (key.SequenceCompareTo(lastKey.AsSpan(0, lastKeyLength)) <= 0)
        {
            throw new SnapshotCorruptException("The rows of a snapshot are not in the order of their keys.");
        }

        key.CopyTo(lastKey);
        lastKeyLength = key.Length;
        var kind = (RowKind)key[0];
        if (kind is not (RowKind.Record or RowKind.Session) || (kind == RowKind.Record && value.Length < StateRecord.HeaderSize))
        {
            throw new SnapshotCorruptException($"A row of a snapshot is of kind {key[0]} with {value.Length} bytes, which this binary does not read. Was it written by a newer version?");
        }

        sink.Row(kind, key[1..], value);
    }

    private void TakeEnd(SnapshotEnd end)
    {
        if (unparsedLength > 0 || end.Rows != Rows || end.Checksum != checksum.GetCurrentHashAsUInt128())
        {
            throw new SnapshotCorruptException($"A snapshot ends after {Rows} rows and {unparsedLength} bytes of another; it was made of {end.Rows} rows, and their checksum has to match.");
        }

        IsComplete = true;
    }
}
