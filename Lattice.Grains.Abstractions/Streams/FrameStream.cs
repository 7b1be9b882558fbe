using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;

namespace Lattice.Grains.Streams;

/// <summary>
/// How frames follow each other on a connection of Lattice's own through a port on which Orleans listens: a mark that no conversation of Orleans begins with, then for each
/// frame its length (u32, little-endian) and its bytes. What a frame is for, and whether it is intact, its own head says.
/// </summary>
internal static class FrameStream
{
    /// <summary>Bytes of a frame's length.</summary>
    public const int LengthBytes = 4;

    /// <summary>Whether a connection begins with the mark, which is taken if so and left if not.</summary>
    public static async ValueTask<bool> TakeMarkAsync(PipeReader input, ReadOnlyMemory<byte> mark)
    {
        while (true)
        {
            ReadResult read = await input.ReadAsync().ConfigureAwait(false);
            if (Begins(read.Buffer, mark.Span) is not { } begins)
            {
                input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                if (read.IsCompleted || read.IsCanceled)
                {
                    return false;
                }

                continue;
            }

            input.AdvanceTo(begins ? read.Buffer.GetPosition(mark.Length) : read.Buffer.Start);
            return begins;
        }
    }

    /// <summary>Takes the next frame out of what was read; false: more has to come first.</summary>
    /// <param name="buffer">What was read; without the frame afterwards.</param>
    /// <param name="longest">Longest frame that is taken.</param>
    /// <param name="frame">The frame, in an array of its own: what is in it lives on.</param>
    /// <exception cref="InvalidDataException">That is no frame.</exception>
    public static bool TryTake(ref ReadOnlySequence<byte> buffer, int longest, out byte[] frame)
    {
        frame = [];
        if (buffer.Length < LengthBytes)
        {
            return false;
        }

        Span<byte> head = stackalloc byte[LengthBytes];
        buffer.Slice(0, LengthBytes).CopyTo(head);
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(head);
        if (length == 0 || length > longest)
        {
            throw new InvalidDataException($"it announced {length} bytes, and nothing there has more than {longest}");
        }

        if (buffer.Length < LengthBytes + length)
        {
            return false;
        }

        frame = GC.AllocateUninitializedArray<byte>((int)length);
        buffer.Slice(LengthBytes, length).CopyTo(frame);
        buffer = buffer.Slice(LengthBytes + length);
        return true;
    }

    /// <summary>Appends a frame.</summary>
    public static void Write(IBufferWriter<byte> output, ReadOnlySpan<byte> frame)
    {
        WriteLength(output, frame.Length);
        output.Write(frame);
    }

    /// <summary>Appends the length of the frame that follows.</summary>
    public static void WriteLength(IBufferWriter<byte> output, int length)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(output.GetSpan(LengthBytes), (uint)length);
        output.Advance(LengthBytes);
    }

    /// <summary>Null: what is there may become either.</summary>
    private static bool? Begins(ReadOnlySequence<byte> buffer, ReadOnlySpan<byte> mark)
    {
        int length = (int)Math.Min(buffer.Length, mark.Length);
        Span<byte> first = stackalloc byte[length];
        buffer.Slice(0, length).CopyTo(first);
        return !mark.StartsWith(first) ? false : length == mark.Length ? true : null;
    }
}
