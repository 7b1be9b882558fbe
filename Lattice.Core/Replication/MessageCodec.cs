using System.Buffers;
using System.Buffers.Binary;
using Lattice.Core.Consensus;

namespace Lattice.Core.Replication;

/// <summary>
/// The wire form of messages between replicas. A frame holds, behind its head (<see cref="FrameCodec"/>), a sequence of them, of any groups, each preceded by
/// its length, so that one call carries all that is waiting for a peer. Integers are little-endian; a presence mask says which of
/// the fields that most kinds leave at zero follow.
/// </summary>
public static class MessageCodec
{
    /// <summary>Version of the format; a frame of another version is refused.</summary>
    public const byte Version = 1;

    private const int FixedBytes = 4 + 1 + 1 + 4 + 2 + 4 + 4 + 8 + 8;

    // Index, term, kind, check, length of the payload.
    private const int EntryBytes = 8 + 8 + 1 + 8 + 4;

    [Flags]
    private enum Fields : ushort
    {
        None = 0,
        Index = 1,
        LogTerm = 2,
        Commit = 4,
        Hint = 8,
        Context = 16,
        Entries = 32,
        Snapshot = 64,
        Data = 128,
        Reject = 256,
        Founding = 512,
        Transfer = 1024,
        NoRoom = 2048,
    }

    /// <summary>Appends the message to a frame.</summary>
    public static void Write(IBufferWriter<byte> frame, uint group, Message message)
    {
        byte[]? configuration = message.Snapshot is { } snapshot ? ConfigurationCodec.Encode(snapshot.Configuration) : null;
        int size = Size(message, configuration, out Fields fields);
        Span<byte> span = frame.GetSpan(size)[..size];
        var writer = new SpanWriter(span);
        writer.U32((uint)(size - 4));
        writer.U8(Version);
        writer.U8((byte)message.Kind);
        writer.U32(group);
        writer.U16((ushort)fields);
        writer.I32(message.From);
        writer.I32(message.To);
        writer.U64(message.FromIncarnation);
        writer.U64(message.Term);
        if (fields.HasFlag(Fields.Index))
        {
            writer.U64(message.Index);
        }

        if (fields.HasFlag(Fields.LogTerm))
        {
            writer.U64(message.LogTerm);
        }

        if (fields.HasFlag(Fields.Commit))
        {
            writer.U64(message.Commit);
        }

        if (fields.HasFlag(Fields.Hint))
        {
            writer.U64(message.HintIndex);
            writer.U64(message.HintTerm);
        }

        if (fields.HasFlag(Fields.Context))
        {
            writer.U64(message.Context);
        }

        if (fields.HasFlag(Fields.Entries))
        {
            writer.U32((uint)message.Entries.Count);
            for (int i = 0; i < message.Entries.Count; i++)
            {
                Entry entry = message.Entries[i];
                writer.U64(entry.Index);
                writer.U64(entry.Term);
                writer.U8((byte)entry.Kind);
                writer.U64(entry.Check);
                writer.Bytes(entry.Data.Span);
            }
        }

        if (configuration is not null)
        {
            writer.U64(message.Snapshot!.Position.Index);
            writer.U64(message.Snapshot.Position.Term);
            writer.Bytes(configuration);
        }

        if (fields.HasFlag(Fields.Data))
        {
            writer.Bytes(message.Data.Span);
        }

        frame.Advance(size);
    }

    /// <summary>Reads the messages of a frame in order. Payloads refer into the frame, which must not change afterwards.</summary>
    /// <exception cref="MessageFormatException">The frame is damaged or of an unknown version.</exception>
    public static IEnumerable<(uint Group, Message Message)> Read(ReadOnlyMemory<byte> frame)
    {
        while (frame.Length > 0)
        {
            if (frame.Length < 4)
            {
                throw new MessageFormatException("A frame from a peer ends within a length: it was cut or damaged on the way. It is dropped; Raft sends again.");
            }

            uint length = BinaryPrimitives.ReadUInt32LittleEndian(frame.Span);
            if (length < FixedBytes - 4 || length > frame.Length - 4)
            {
                throw new MessageFormatException($"A frame from a peer holds a message of {length} bytes where {frame.Length - 4} are left: it was cut or damaged on the way. It is dropped; Raft sends again.");
            }

            yield return ReadOne(frame.Slice(4, (int)length));
            frame = frame[(4 + (int)length)..];
        }
    }

    private static (uint Group, Message Message) ReadOne(ReadOnlyMemory<byte> memory)
    {
        var reader = new MemoryReader(memory);
        byte version = reader.U8();
        if (version != Version)
        {
            throw new MessageFormatException($"A peer sent a message of format {version}; this binary reads format {Version}. Nodes of one cluster may differ by one version at most: upgrade the older one.");
        }

        var kind = (MessageKind)reader.U8();
        uint group = reader.U32();
        var fields = (Fields)reader.U16();
        int from = reader.I32();
        int to = reader.I32();
        ulong incarnation = reader.U64();
        ulong term = reader.U64();
        ulong index = fields.HasFlag(Fields.Index) ? reader.U64() : 0;
        ulong logTerm = fields.HasFlag(Fields.LogTerm) ? reader.U64() : 0;
        ulong commit = fields.HasFlag(Fields.Commit) ? reader.U64() : 0;
        ulong hintIndex = 0;
        ulong hintTerm = 0;
        if (fields.HasFlag(Fields.Hint))
        {
            hintIndex = reader.U64();
            hintTerm = reader.U64();
        }

        ulong context = fields.HasFlag(Fields.Context) ? reader.U64() : 0;
        IReadOnlyList<Entry> entries = fields.HasFlag(Fields.Entries) ? ReadEntries(ref reader) : [];
        SnapshotMetadata? snapshot = null;
        if (fields.HasFlag(Fields.Snapshot))
        {
            var position = new LogPosition(reader.U64(), reader.U64());
            snapshot = new SnapshotMetadata(position, ConfigurationCodec.Decode(reader.Bytes().Span));
        }

        ReadOnlyMemory<byte> data = fields.HasFlag(Fields.Data) ? reader.Bytes() : default;
        if (reader.Left != 0)
        {
            throw new MessageFormatException($"A message of kind {kind} from node {from} has {reader.Left} bytes too many: it was damaged on the way. It is dropped; Raft sends again.");
        }

        return (group, new Message
        {
            Kind = kind,
            From = from,
            FromIncarnation = incarnation,
            To = to,
            Term = term,
            Index = index,
            LogTerm = logTerm,
            Commit = commit,
            HintIndex = hintIndex,
            HintTerm = hintTerm,
            Context = context,
            Entries = entries,
            Snapshot = snapshot,
            Data = data,
            Reject = fields.HasFlag(Fields.Reject),
            Founding = fields.HasFlag(Fields.Founding),
            Transfer = fields.HasFlag(Fields.Transfer),
            NoRoom = fields.HasFlag(Fields.NoRoom),
        });
    }

    private static Entry[] ReadEntries(ref MemoryReader reader)
    {
        uint count = reader.U32();
        if (count > reader.Left / EntryBytes)
        {
            throw new MessageFormatException($"A message claims {count} entries in {reader.Left} bytes: it was damaged on the way. It is dropped; Raft sends again.");
        }

        var entries = new Entry[count];
        for (int i = 0; i < entries.Length; i++)
        {
            (ulong index, ulong term, var kind, ulong check) = (reader.U64(), reader.U64(), (EntryKind)reader.U8(), reader.U64());
            entries[i] = new Entry(index, term, kind, reader.Bytes());
            if (entries[i].Check != check)
            {
                throw new MessageFormatException($"Entry {index} in a message is not what was proposed: it changed in the sender's memory or on the way. The message is dropped; Raft sends again.");
            }
        }

        return entries;
    }

    private static int Size(Message message, byte[]? configuration, out Fields fields)
    {
        int size = FixedBytes;
        fields = Fields.None;
        size += Field(message.Index != 0, Fields.Index, 8, ref fields);
        size += Field(message.LogTerm != 0, Fields.LogTerm, 8, ref fields);
        size += Field(message.Commit != 0, Fields.Commit, 8, ref fields);
        size += Field(message.HintIndex != 0 || message.HintTerm != 0, Fields.Hint, 16, ref fields);
        size += Field(message.Context != 0, Fields.Context, 8, ref fields);
        size += Field(message.Entries.Count > 0, Fields.Entries, 4, ref fields);
        size += Field(configuration is not null, Fields.Snapshot, 20 + (configuration?.Length ?? 0), ref fields);
        size += Field(!message.Data.IsEmpty, Fields.Data, 4 + message.Data.Length, ref fields);
        size += Field(message.Reject, Fields.Reject, 0, ref fields);
        size += Field(message.Founding, Fields.Founding, 0, ref fields);
        size += Field(message.Transfer, Fields.Transfer, 0, ref fields);
        size += Field(message.NoRoom, Fields.NoRoom, 0, ref fields);
        for (int i = 0; i < message.Entries.Count; i++)
        {
            size += EntryBytes + message.Entries[i].Data.Length;
        }

        return size;
    }

    private static int Field(bool present, Fields field, int bytes, ref Fields fields)
    {
        if (!present)
        {
            return 0;
        }

        fields |= field;
        return bytes;
    }

    private ref struct SpanWriter(Span<byte> span)
    {
        private Span<byte> rest = span;

        public void U8(byte value)
        {
            rest[0] = value;
            rest = rest[1..];
        }

        public void U16(ushort value)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(rest, value);
            rest = rest[2..];
        }

        public void U32(uint value)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(rest, value);
            rest = rest[4..];
        }

        public void I32(int value) => U32((uint)value);

        public void U64(ulong value)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(rest, value);
            rest = rest[8..];
        }

        public void Bytes(ReadOnlySpan<byte> bytes)
        {
            U32((uint)bytes.Length);
            bytes.CopyTo(rest);
            rest = rest[bytes.Length..];
        }
    }

    private struct MemoryReader(ReadOnlyMemory<byte> memory)
    {
        private ReadOnlyMemory<byte> rest = memory;

        public readonly int Left => rest.Length;

        public byte U8() => Take(1).Span[0];

        public ushort U16() => BinaryPrimitives.ReadUInt16LittleEndian(Take(2).Span);

        public uint U32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4).Span);

        public int I32() => (int)U32();

        public ulong U64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8).Span);

        public ReadOnlyMemory<byte> Bytes()
        {
            uint length = U32();
            if (length > rest.Length)
            {
                throw new MessageFormatException($"A message holds a field of {length} bytes where {rest.Length} are left: it was damaged on the way. It is dropped; Raft sends again.");
            }

            return Take((int)length);
        }

        private ReadOnlyMemory<byte> Take(int count)
        {
            if (count > rest.Length)
            {
                throw new MessageFormatException("A message from a peer ends within a field: it was cut or damaged on the way. It is dropped; Raft sends again.");
            }

            ReadOnlyMemory<byte> taken = rest[..count];
            rest = rest[count..];
            return taken;
        }
    }
}

/// <summary>Bytes from a peer that are not a message.</summary>
public sealed class MessageFormatException(string message) : Exception(message);
