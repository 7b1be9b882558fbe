using System.Buffers;
using System.Diagnostics;
using System.IO.Pipelines;
using CsCheck;
using Lattice.Grains;
using Lattice.Grains.Access;
using Lattice.Grains.Streams;

namespace Lattice.Client.Tests;

public sealed class RequestStreamTests
{
    private static readonly ActivityContext Traced = new(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded, isRemote: true);

    private static readonly Gen<ActivityContext> Caller = Gen.Bool.Select(traced => traced ? Traced : default);

    private static readonly Gen<RequestFrame> AnyRequest =
        from id in Gen.ULong
        from kind in Gen.Int[0, 3]
        from @group in Gen.UInt
        from timeout in Gen.Int[0, int.MaxValue]
        from caller in Caller
        from payload in Gen.Byte.Array[0, 40]
        select new RequestFrame(id, (RequestKind)kind, @group, timeout, caller, payload);

    private static readonly Gen<ReplyFrame> AnyReply =
        from id in Gen.ULong
        from status in Gen.Int[0, 7]
        from refusal in Gen.Int[-1, 4]
        from leader in Gen.Int[0, 1000]
        from message in Gen.String[0, 20]
        from payload in Gen.Byte.Array[0, 40]
        select new ReplyFrame(
            id,
            new ShardReply { Status = (ShardStatus)status, Leader = leader, Message = System.Text.Encoding.UTF8.GetString(System.Text.Encoding.UTF8.GetBytes(message)), Payload = payload },
            refusal < 0 ? null : (AccessRefusal)refusal);

    [Fact]
    public void A_request_is_read_as_it_was_written() => AnyRequest.Sample(request =>
    {
        RequestFrame read = RequestFrame.Read(Bytes(request));

        Assert.Equal(request with { Payload = default }, read with { Payload = default });
        Assert.Equal(request.Payload.ToArray(), read.Payload.ToArray());
    });

    [Fact]
    public void A_reply_is_read_as_it_was_written() => AnyReply.Sample(reply =>
    {
        ReplyFrame read = ReplyFrame.Read(Bytes(reply));

        Assert.Equal((reply.Id, reply.Refusal, reply.Reply.Status, reply.Reply.Leader, reply.Reply.Message), (read.Id, read.Refusal, read.Reply.Status, read.Reply.Leader, read.Reply.Message));
        Assert.Equal(reply.Reply.Payload.ToArray(), read.Reply.Payload.ToArray());
    });

    [Fact]
    public void Whatever_bit_is_turned_over_on_the_way_is_noticed()
    {
        byte[] request = Bytes(new RequestFrame(7, RequestKind.Write, 3, 800, Traced, new byte[] { 1, 2, 3 }));
        byte[] reply = Bytes(new ReplyFrame(7, new ShardReply { Status = ShardStatus.Ok, Message = "m", Payload = new byte[] { 1, 2, 3 } }));
        foreach (byte[] frame in (byte[][])[request, reply])
        {
            for (int bit = 0; bit < 8 * frame.Length; bit++)
            {
                frame[bit / 8] ^= (byte)(1 << (bit % 8));
                Assert.Throws<InvalidDataException>(() => _ = frame == request ? RequestFrame.Read(frame).Id : ReplyFrame.Read(frame).Id);
                frame[bit / 8] ^= (byte)(1 << (bit % 8));
            }
        }
    }

    [Fact]
    public void A_frame_that_ends_too_early_is_refused_even_if_its_check_is_right()
    {
        byte[] request = Bytes(new RequestFrame(7, RequestKind.Write, 3, 800, Traced, default));
        byte[] reply = Bytes(new ReplyFrame(7, new ShardReply { Status = ShardStatus.Ok, Message = "message" }));
        for (int length = 0; length < Math.Min(request.Length, reply.Length); length++)
        {
            Assert.Throws<InvalidDataException>(() => RequestFrame.Read(Cut(request, length)));
            Assert.Throws<InvalidDataException>(() => ReplyFrame.Read(Cut(reply, length)));
        }
    }

    [Fact]
    public void Another_version_and_an_unknown_kind_are_told()
    {
        byte[] frame = Bytes(new RequestFrame(7, RequestKind.Write, 3, 800, default, default));
        frame[8] = 9;
        RequestStream.Seal(frame);
        Assert.Contains("version 9", Assert.Throws<InvalidDataException>(() => RequestFrame.Read(frame)).Message, StringComparison.Ordinal);

        frame = Bytes(new RequestFrame(7, (RequestKind)77, 3, 800, default, default));
        Assert.Contains("(77)", Assert.Throws<InvalidDataException>(() => RequestFrame.Read(frame)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_many_threads_send_arrives_whole_and_each_thread_s_frames_in_order()
    {
        const int Threads = 4;
        const int Each = 2000;
        var pipe = new Pipe();
        var outbox = new FrameOutbox(pipe.Writer);
        Task sending = Task.WhenAll(Enumerable.Range(0, Threads).Select(thread => Task.Run(async () =>
        {
            for (int i = 0; i < Each; i++)
            {
                outbox.Send(new RequestFrame((ulong)i, RequestKind.Write, (uint)thread, 0, default, new byte[i % 300]));
                await outbox.RoomAsync();
            }
        })));
        int[] next = new int[Threads];
        while (next.Sum() < Threads * Each)
        {
            ReadResult read = await pipe.Reader.ReadAsync();
            ReadOnlySequence<byte> buffer = read.Buffer;
            while (FrameStream.TryTake(ref buffer, RequestStream.LongestRequest, out byte[] frame))
            {
                RequestFrame request = RequestFrame.Read(frame);
                Assert.Equal((ulong)next[request.Group], request.Id);
                Assert.Equal(next[request.Group]++ % 300, request.Payload.Length);
            }

            pipe.Reader.AdvanceTo(buffer.Start, buffer.End);
        }

        await sending;
    }

    [Fact]
    public async Task Whoever_sends_waits_while_the_other_end_does_not_read()
    {
        var pipe = new Pipe();
        var outbox = new FrameOutbox(pipe.Writer);
        var large = new RequestFrame(1, RequestKind.Write, 1, 0, default, new byte[3 << 20]);
        outbox.Send(large);
        Assert.True(outbox.RoomAsync().IsCompleted);
        outbox.Send(large);
        outbox.Send(large);
        Task room = outbox.RoomAsync();
        Assert.False(room.IsCompleted);

        ReadResult read = await pipe.Reader.ReadAsync();
        pipe.Reader.AdvanceTo(read.Buffer.End);

        await room;
    }

    [Fact]
    public async Task Nobody_waits_for_a_connection_that_is_over()
    {
        var pipe = new Pipe();
        var outbox = new FrameOutbox(pipe.Writer);
        var large = new RequestFrame(1, RequestKind.Write, 1, 0, default, new byte[5 << 20]);
        outbox.Send(large);
        outbox.Send(large);
        Task room = outbox.RoomAsync();

        await pipe.Reader.CompleteAsync();

        await room;
        outbox.Send(large);
        Assert.True(outbox.RoomAsync().IsCompleted);
    }

    private static byte[] Cut(byte[] frame, int length)
    {
        byte[] cut = frame[..length];
        if (length > sizeof(ulong))
        {
            RequestStream.Seal(cut);
        }

        return cut;
    }

    private static byte[] Bytes<TFrame>(TFrame frame)
        where TFrame : struct, IFrame
    {
        byte[] bytes = new byte[frame.Length];
        frame.WriteTo(bytes);
        return bytes;
    }
}
