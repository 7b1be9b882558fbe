using System.Buffers.Binary;
using System.IO.Hashing;
using Lattice.Core.Consensus;
using Lattice.Core.Verification;
using ZstdSharp;

namespace Lattice.Core.State;

/// <summary>
/// The state of a group at one position, as a stream of blocks: a header, the rows in the order of their keys, an end. Made while it is read, from
/// a view of the engine that does not change, so its memory is that of a block whatever the size of the state. May be
/// read from any thread, by one reader.
/// </summary>
public sealed class GroupSnapshot : IDisposable
{
    // Fast rather than small: the stream competes with the group's work.
    private const int CompressionLevel = 1;

    private readonly IStateSnapshot view;
    private readonly SnapshotHeader header;
    private readonly uint epoch;
    private bool disposed;

    internal GroupSnapshot(IStateSnapshot view, SnapshotHeader header, uint epoch)
    {
        this.view = view;
        this.header = header;
        this.epoch = epoch;
        Metadata = new SnapshotMetadata(header.Meta.Applied, header.Configuration);
    }

    /// <summary>The group.</summary>
    public uint Group => header.Group;

    /// <summary>What the snapshot stands for.</summary>
    public SnapshotMetadata Metadata { get; }

    /// <summary>What the state stands for.</summary>
    internal SnapshotHeader Header => header;

    /// <summary>A cursor over records and sessions.</summary>
    // They lie next to each other; the expiry index follows from the records.
    internal IStateCursor Rows() => view.Cursor(StateKeys.Prefix(Group, epoch, RowKind.Record), StateKeys.Prefix(Group, epoch, RowKind.Expiry));

    /// <summary>Checks the rows that say what the state stands for; they are read when a node starts.</summary>
    /// <exception cref="StateDivergenceException">They are damaged.</exception>
    internal void CheckMeta()
    {
        byte[] root = view.Get(StateKeys.Root(Group)) ?? throw GroupMeta.Damaged(Group);
        byte[] meta = view.Get(StateKeys.Prefix(Group, epoch, RowKind.Meta)) ?? throw GroupMeta.Damaged(Group);
        byte[] configuration = view.Get(StateKeys.Prefix(Group, epoch, RowKind.Configuration)) ?? throw GroupMeta.Damaged(Group);
        var expected = new WireWriter();
        header.Meta.EncodeTo(expected);
        if (!root.AsSpan().SequenceEqual(GroupMeta.EncodeRoot(epoch)) || !meta.AsSpan().SequenceEqual(expected.Written) || !configuration.AsSpan().SequenceEqual(ConfigurationCodec.Encode(header.Configuration)))
        {
            throw GroupMeta.Damaged(Group);
        }
    }

    /// <summary>The stored digests.</summary>
    internal DigestTable ReadDigests()
    {
        var digests = new DigestTable(Group);
        digests.Load(view, new StateKeys(Group, epoch));
        return digests;
    }

    /// <summary>A cursor over the expiry index.</summary>
    internal IStateCursor Expiries() => view.Cursor(StateKeys.Prefix(Group, epoch, RowKind.Expiry), StateKeys.Prefix(Group, epoch, RowKind.Expiry + 1));

    /// <summary>Whether the hash that a record carries vouches for it.</summary>
    internal bool IsSound(ReadOnlySpan<byte> key) => view.Get(new StateKeys(Group, epoch).Record(key)) is { } row && StateRecord.IsSound(Group, key, row);

    /// <summary>Whether there is a record whose own hash does not vouch for it.</summary>
    internal bool IsDamaged(ReadOnlySpan<byte> key) => view.Get(new StateKeys(Group, epoch).Record(key)) is { } row && !StateRecord.IsSound(Group, key, row);

    /// <summary>What there is to say of a record whose own hash does not vouch for it.</summary>
    internal StateDivergenceException RecordDamaged(DivergencePhase phase, ReadOnlySpan<byte> key, ReadOnlySpan<byte> row)
    {
        byte[]? again = view.Get(new StateKeys(Group, epoch).Record(key));
        bool isSoundNow = again is not null && StateRecord.IsSound(Group, key, again);
        return new StateDivergenceException(new Divergence
        {
            Kind = DivergenceKind.RecordChecksum,
            Phase = phase,
            Group = Group,
            Entry = header.Meta.Applied,
            Message = $"A record of group {Group} in the state is not what was written.",
            Buckets = [new DivergentBucket(DigestTable.BucketOf(key))],
            Records = [new DivergentRecord(key.ToArray(), row.ToArray(), isSoundNow ? again : null, isSoundNow)],
            Checks = new DivergenceChecks { ReadRepeatedAgrees = isSoundNow, RecordChecksumsHold = false },
        });
    }

    /// <summary>The blocks, in order, each of at most 256 KiB and a little. Can be read once.</summary>
    /// <param name="inOnePlace">
    /// Whether each takes the place of the one before it, which is then over; else each is an array of its own. Arrays of this size are large objects for .NET, which gives their
    /// memory back late: a state that is read through at full speed would leave hundreds of megabytes of them.
    /// </param>
    public IEnumerable<ReadOnlyMemory<byte>> Blocks(bool inOnePlace = false)
    {
        byte[]? place = inOnePlace ? new byte[SnapshotBlock.MaxSize] : null;
        using var compressor = new Compressor(CompressionLevel);
        byte[] scratch = new byte[SnapshotBlock.MaxContent];
        byte[] content = new byte[SnapshotBlock.MaxContent];
        var checksum = new XxHash128();
        uint number = 0;
        yield return SnapshotBlock.Encode(SnapshotBlockKind.Header, number++, header.Encode(), compressor: null, scratch, place);

        // The expiry index is made anew by the receiver.
        using IStateCursor cursor = Rows();
        var digests = new DigestTable(Group);
        digests.SetConfiguration(header.Configuration);
        var rows = new RowStream(this, cursor, digests);
        for (int length = rows.Read(content); length > 0; length = rows.Read(content))
        {
            checksum.Append(content.AsSpan(0, length));
            yield return SnapshotBlock.Encode(SnapshotBlockKind.Rows, number++, content.AsSpan(0, length), compressor, scratch, place);
        }

        CheckDigest(digests);
        var end = new SnapshotEnd(rows.Count, checksum.GetCurrentHashAsUInt128());
        yield return SnapshotBlock.Encode(SnapshotBlockKind.End, number, end.Encode(), compressor: null, scratch, place);
    }

    /// <summary>Lets go of the view.</summary>
    public void Dispose()
    {
        if (!disposed)
        {
            disposed = true;
            view.Dispose();
        }
    }

    /// <summary>A state that is not what was written must not spread: without its last block a snapshot counts for nothing.</summary>
    private void CheckDigest(DigestTable digests)
    {
        if (digests.Total(header.Meta.Applied, header.Meta.Revision, header.Meta.ClockMs) != header.Meta.Digest)
        {
            throw new StateDivergenceException(new Divergence
            {
                Kind = DivergenceKind.StoredDigest,
                Phase = DivergencePhase.Snapshot,
                Group = Group,
                Entry = header.Meta.Applied,
                Message = $"The rows of group {Group} at entry {header.Meta.Applied.Index} do not have the digest that is stored with them.",
            });
        }
    }

    /// <summary>The rows under a cursor as one stream of bytes: for each <c>key length u32, value length u32, key, value</c>, cut anywhere.</summary>
    private sealed class RowStream(GroupSnapshot snapshot, IStateCursor cursor, DigestTable digests)
    {
        private readonly byte[] lengths = new byte[8];
        private int offset;
        private bool open;

        public ulong Count { get; private set; }

        public int Read(Span<byte> content)
        {
            int filled = 0;
            while (filled < content.Length && (open || Open()))
            {
                ReadOnlySpan<byte> key = cursor.Key[(StateKeys.PrefixSize - 1)..];
                ReadOnlySpan<byte> value = cursor.Value;
                int before = filled;
                filled += CopyPart(lengths, 0, content[filled..]);
                filled += CopyPart(key, lengths.Length, content[filled..]);
                filled += CopyPart(value, lengths.Length + key.Length, content[filled..]);
                offset += filled - before;
                open = offset < lengths.Length + key.Length + value.Length;
            }

            return filled;
        }

        private bool Open()
        {
            if (!cursor.Next())
            {
                return false;
            }

            BinaryPrimitives.WriteUInt32LittleEndian(lengths, (uint)(cursor.Key.Length - StateKeys.PrefixSize + 1));
            BinaryPrimitives.WriteUInt32LittleEndian(lengths.AsSpan(4), (uint)cursor.Value.Length);
            offset = 0;
            Count++;
            ReadOnlySpan<byte> key = cursor.Key[StateKeys.PrefixSize..];
            return digests.Add((RowKind)cursor.Key[StateKeys.PrefixSize - 1], key, cursor.Value)
                ? open = true
                : throw snapshot.RecordDamaged(DivergencePhase.Snapshot, key, cursor.Value);
        }

        /// <summary>Copies what of a part, which begins at a position of the row, was not copied before.</summary>
        private int CopyPart(ReadOnlySpan<byte> part, int start, Span<byte> space)
        {
            int done = Math.Max(0, offset - start);
            if (done >= part.Length)
            {
                return 0;
            }

            ReadOnlySpan<byte> rest = part[done..];
            int length = Math.Min(rest.Length, space.Length);
            rest[..length].CopyTo(space);
            return length;
        }
    }
}
