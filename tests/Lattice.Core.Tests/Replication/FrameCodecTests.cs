using Lattice.Core.Consensus;
using Lattice.Core.Replication;
using Lattice.Core.Upgrade;
using Lattice.Core.Verification;
using Xunit;

namespace Lattice.Core.Tests.Replication;

public sealed class FrameCodecTests
{
    private readonly LamportClock clock = new(TimeProvider.System);

    [Fact]
    public void A_frame_carries_its_messages_and_the_Lamport_time_of_its_sender()
    {
        ulong before = clock.Now;
        ReadOnlyMemory<byte> frame = Frame();

        ulong lamport = FrameCodec.Open(frame, out ReadOnlyMemory<byte> messages);

        Assert.True(lamport > before);
        Assert.Equal(clock.Now, lamport);
        Assert.Equal([(4u, 7UL), (5u, 8UL)], MessageCodec.Read(messages).Select(m => (m.Group, m.Message.Term)));
        Assert.Equal(3, FrameCodec.SenderOf(frame.Span));
    }

    [Fact]
    public void A_frame_says_which_feature_levels_its_sender_knows()
    {
        Assert.Equal(FeatureLevels.OfThisBinary, FrameCodec.LevelsOf(Frame().Span));
        var frame = new FrameWriter(capacity: 10);
        Assert.Equal(new LevelRange(4, 700), FrameCodec.LevelsOf(frame.Seal(3, clock, new LevelRange(4, 700)).Span));
    }

    [Fact]
    public void Whichever_bit_flips_on_the_way_the_frame_is_refused()
    {
        byte[] frame = Frame().ToArray();
        for (int bit = 0; bit < frame.Length * 8; bit++)
        {
            byte[] damaged = [.. frame];
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.Throws<MessageFormatException>(() => FrameCodec.Open(damaged, out _));
        }
    }

    [Fact]
    public void A_frame_that_was_cut_is_refused_at_every_length()
    {
        byte[] frame = Frame().ToArray();
        for (int length = 0; length < frame.Length; length++)
        {
            byte[] cut = frame[..length];
            Assert.Throws<MessageFormatException>(() => FrameCodec.Open(cut, out _));
        }
    }

    [Fact]
    public void A_frame_of_another_version_says_what_to_do()
    {
        byte[] frame = Frame().ToArray();
        frame[8] = 9;
        System.Buffers.Binary.BinaryPrimitives.WriteUInt64LittleEndian(frame, System.IO.Hashing.XxHash3.HashToUInt64(frame.AsSpan(8)));

        MessageFormatException refused = Assert.Throws<MessageFormatException>(() => FrameCodec.Open(frame, out _));

        Assert.Contains("Node 3", refused.Message, StringComparison.Ordinal);
        Assert.Contains("format 9", refused.Message, StringComparison.Ordinal);
        Assert.Contains("upgrade", refused.Message, StringComparison.Ordinal);
    }

    private ReadOnlyMemory<byte> Frame()
    {
        var frame = new FrameWriter(capacity: 10);
        frame.Add(4, new Message { Kind = MessageKind.Heartbeat, From = 3, To = 1, Term = 7 });
        frame.Add(5, new Message { Kind = MessageKind.Append, From = 3, To = 1, Term = 8, Entries = [new Entry(1, 8, EntryKind.Command, new byte[20])] });
        return frame.Seal(3, clock);
    }
}
