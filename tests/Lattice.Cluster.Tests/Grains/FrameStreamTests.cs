using System.Buffers;
using System.IO.Pipelines;
using Lattice.Grains.Streams;

namespace Lattice.Cluster.Tests.Grains;

public sealed class FrameStreamTests
{
    private const int Longest = 1 << 20;

    private static readonly byte[] Mark = "LATTICEF"u8.ToArray();

    [Fact]
    public async Task Frames_come_out_as_they_went_in_wherever_the_network_cuts_them()
    {
        byte[][] frames = [[1], [.. Enumerable.Range(0, 300).Select(i => (byte)i)], [7, 7, 7]];
        byte[] sent = await WrittenAsync(frames);
        for (int cut = 1; cut < sent.Length; cut++)
        {
            var first = new Segment(sent.AsMemory(0, cut));
            var whole = new ReadOnlySequence<byte>(first, 0, first.Followed(sent.AsMemory(cut)), sent.Length - cut);
            List<byte[]> taken = [];

            ReadOnlySequence<byte> buffer = whole.Slice(0, cut);
            TakeAll(ref buffer, taken);
            buffer = whole.Slice(buffer.Start);
            TakeAll(ref buffer, taken);

            Assert.Equal(frames, taken);
            Assert.True(buffer.IsEmpty);
        }
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(Longest + 1u)]
    [InlineData(uint.MaxValue)]
    public void A_length_that_no_frame_has_is_refused_before_anything_is_allocated(uint length)
    {
        var buffer = new ReadOnlySequence<byte>([.. BitConverter.GetBytes(length), .. new byte[8]]);

        Assert.Contains($"{length} bytes", Assert.Throws<InvalidDataException>(() => FrameStream.TryTake(ref buffer, Longest, out _)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_mark_is_taken_and_what_follows_it_is_left()
    {
        var pipe = new Pipe();
        for (int i = 0; i < Mark.Length; i++)
        {
            await pipe.Writer.WriteAsync(new[] { Mark[i] });
        }

        await pipe.Writer.WriteAsync(new byte[] { 42 });

        Assert.True(await FrameStream.TakeMarkAsync(pipe.Reader, Mark));
        Assert.Equal([42], (await pipe.Reader.ReadAsync()).Buffer.ToArray());
    }

    [Theory]
    [InlineData("L\0\0\0")]
    [InlineData("LATTICE1LATTICE1")]
    [InlineData("\\\0\0\0 \b")]
    public async Task Another_conversation_is_left_as_it_came(string said)
    {
        byte[] bytes = [.. said.Select(c => (byte)c)];
        var pipe = new Pipe();
        await pipe.Writer.WriteAsync(bytes);

        Assert.False(await FrameStream.TakeMarkAsync(pipe.Reader, Mark));
        Assert.Equal(bytes, (await pipe.Reader.ReadAsync()).Buffer.ToArray());
    }

    [Fact]
    public async Task A_connection_that_ends_within_the_mark_is_left_to_whoever_comes_next()
    {
        var pipe = new Pipe();
        await pipe.Writer.WriteAsync("LATT"u8.ToArray());
        await pipe.Writer.CompleteAsync();

        Assert.False(await FrameStream.TakeMarkAsync(pipe.Reader, Mark));
        Assert.Equal("LATT"u8.ToArray(), (await pipe.Reader.ReadAsync()).Buffer.ToArray());
    }

    private static void TakeAll(ref ReadOnlySequence<byte> buffer, List<byte[]> taken)
    {
        while (FrameStream.TryTake(ref buffer, Longest, out byte[] frame))
        {
            taken.Add(frame);
        }
    }

    private static async Task<byte[]> WrittenAsync(byte[][] frames)
    {
        var written = new MemoryStream();
        var writer = PipeWriter.Create(written);
        foreach (byte[] frame in frames)
        {
            FrameStream.Write(writer, frame);
        }

        await writer.FlushAsync();
        return written.ToArray();
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory) => Memory = memory;

        public Segment Followed(ReadOnlyMemory<byte> memory)
        {
            var next = new Segment(memory) { RunningIndex = RunningIndex + Memory.Length };
            Next = next;
            return next;
        }
    }
}
