using System.Buffers;
using CsCheck;
using Lattice.Core.Consensus;
using Lattice.Core.Replication;
using Xunit;

namespace Lattice.Core.Tests.Replication;

public class MessageCodecTests
{
    private static readonly Gen<Entry> Entries =
        from index in Gen.ULong
        from term in Gen.ULong
        from kind in Gen.Byte[0, 2]
        from data in Gen.Byte.Array[0, 40]
        select new Entry(index, term, (EntryKind)kind, data);

    private static readonly Gen<Message> Messages =
        from kind in Gen.Byte[1, 18]
        from numbers in Gen.Frequency((3, Gen.Const(0UL)), (1, Gen.ULong)).Array[8]
        from nodes in Gen.Int[1, 9].Array[2]
        from flags in Gen.Bool.Array[4]
        from entries in Entries.Array[0, 3]
        from data in Gen.Byte.Array[0, 50]
        select new Message
        {
            Kind = (MessageKind)kind,
            From = nodes[0],
            To = nodes[1],
            FromIncarnation = numbers[0],
            Term = numbers[1],
            Index = numbers[2],
            LogTerm = numbers[3],
            Commit = numbers[4],
            HintIndex = numbers[5],
            HintTerm = numbers[6],
            Context = numbers[7],
            Reject = flags[0],
            Founding = flags[1],
            Transfer = flags[2],
            NoRoom = flags[3],
            Entries = entries,
            Data = data,
        };

    [Fact]
    public void A_frame_gives_back_the_messages_that_were_written_in_order() =>
        Gen.Select(Gen.UInt, Messages).Array[0, 6].Sample(written =>
        {
            var frame = new ArrayBufferWriter<byte>();
            foreach ((uint group, Message message) in written)
            {
                MessageCodec.Write(frame, group, message);
            }

            List<(uint Group, Message Message)> read = [.. MessageCodec.Read(frame.WrittenMemory)];
            return read.Count == written.Length && read.Zip(written).All(pair => pair.First.Group == pair.Second.Item1 && AreEqual(pair.First.Message, pair.Second.Item2));
        });

    [Fact]
    public void A_snapshot_message_carries_what_the_snapshot_stands_for()
    {
        var configuration = new Configuration { ClusterId = 7, Voters = [1, 2, 3], Learners = [4], Removed = [9] };
        var message = new Message { Kind = MessageKind.Snapshot, From = 1, To = 2, Snapshot = new SnapshotMetadata(new LogPosition(11, 3), configuration) };
        var frame = new ArrayBufferWriter<byte>();
        MessageCodec.Write(frame, 5, message);

        Message read = Assert.Single(MessageCodec.Read(frame.WrittenMemory)).Message;

        Assert.Equal(message.Snapshot.Position, read.Snapshot!.Position);
        Assert.Equal(configuration.ClusterId, read.Snapshot.Configuration.ClusterId);
        Assert.Equal(configuration.Voters, read.Snapshot.Configuration.Voters);
        Assert.Equal(configuration.Learners, read.Snapshot.Configuration.Learners);
        Assert.Equal(configuration.Removed, read.Snapshot.Configuration.Removed);
    }

    [Fact]
    public void A_cut_frame_is_refused_at_every_length()
    {
        var frame = new ArrayBufferWriter<byte>();
        MessageCodec.Write(frame, 1, new Message { Kind = MessageKind.Append, From = 1, To = 2, Index = 3, Entries = [new Entry(4, 1, EntryKind.Command, new byte[10])] });

        for (int length = 1; length < frame.WrittenCount; length++)
        {
            ReadOnlyMemory<byte> cut = frame.WrittenMemory[..length];
            Assert.Throws<MessageFormatException>(() => MessageCodec.Read(cut).Count());
        }
    }

    [Fact]
    public void A_message_of_an_unknown_version_says_what_to_do()
    {
        var frame = new ArrayBufferWriter<byte>();
        MessageCodec.Write(frame, 1, new Message { Kind = MessageKind.Heartbeat, From = 1, To = 2 });
        byte[] bytes = frame.WrittenSpan.ToArray();
        bytes[4] = 99;

        MessageFormatException refused = Assert.Throws<MessageFormatException>(() => MessageCodec.Read(bytes).Count());

        Assert.Contains("format 99", refused.Message, StringComparison.Ordinal);
        Assert.Contains("upgrade", refused.Message, StringComparison.Ordinal);
    }

    private static bool AreEqual(Message a, Message b) =>
        a with { Entries = [], Data = default } == b with { Entries = [], Data = default }
        && a.Data.Span.SequenceEqual(b.Data.Span)
        && a.Entries.Count == b.Entries.Count
        && a.Entries.Zip(b.Entries).All(e => e.First with { Data = default } == e.Second with { Data = default } && e.First.Data.Span.SequenceEqual(e.Second.Data.Span));
}
