using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;

namespace Lattice.Grains.Frames;

/// <summary>
/// How frames follow each other on a connection of their own between two nodes, on the port on which silos speak to each other: a mark that no conversation of Orleans begins with, then for each
/// frame its length (u32, little-endian) and its bytes. Nothing is answered; what a frame is for, and whether it is intact, its own head says.
/// </summary>
internal static class FrameStream
{
    /// <summary>Longest frame that is taken: no node keeps more for a peer. A longer one can only be meant by somebody who is none.</summary>
    public const int LongestFrame = 66 << 20;

    private const int LengthBytes = 4;

    /// <summary>How such a connection begins.</summary>
    public static ReadOnlySpan<byte> Mark => "LATTICEF"u8;

    /// <summary>Whether a connection begins with the mark, which is taken if so and left if not.</summary>
    public static async ValueTask<bool> TakeMarkAsync(PipeReader input)
    {
        while (true)
        {
            ReadResult read = await input.ReadAsync().ConfigureAwait(false);
            if (Begins(read.Buffer) is not { } begins)
            {
                input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                if (read.IsCompleted || read.IsCanceled)
                {
                    return false;
                }

                continue;
            }

            input.AdvanceTo(begins ? read.Buffer.GetPosition(Mark.Length) : read.Buffer.Start);
            return begins;
        }
    }

    /// <summary>Takes the next frame out of what was read; false: more has to come first.</summary>
    /// <exception cref="InvalidDataException">That is no frame.</exception>
    public static bool TryTake(ref ReadOnlySequence<byte> buffer, out byte[] frame)
    {
        frame = [];
        if (buffer.Length < LengthBytes)
        {
            return false;
        }

        Span<byte> head = stackalloc byte[LengthBytes];
        buffer.Slice(0, LengthBytes).CopyTo(head);
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(head);
        if (length is 0 or > LongestFrame)
        {
            throw new InvalidDataException($"A frame of {length} bytes was announced; none is longer than {LongestFrame}.");
        }

        if (buffer.Length < LengthBytes + length)
        {
            return false;
        }

        // Its messages live on in the replicas: it gets an array of its own.
        frame = GC.AllocateUninitializedArray<byte>((int)length);
        buffer.Slice(LengthBytes, length).CopyTo(frame);
        buffer = buffer.Slice(LengthBytes + length);
        return true;
    }

    /// <summary>Appends a frame.</summary>
    public static void Write(PipeWriter output, ReadOnlySpan<byte> frame)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(output.GetSpan(LengthBytes), (uint)frame.Length);
        output.Advance(LengthBytes);
        output.Write(frame);
    }

    /// <summary>Null: what is there may become either.</summary>
    private static bool? Begins(ReadOnlySequence<byte> buffer)
    {
        int length = (int)Math.Min(buffer.Length, Mark.Length);
        Span<byte> first = stackalloc byte[length];
        buffer.Slice(0, length).CopyTo(first);
        return !Mark.StartsWith(first) ? false : length == Mark.Length ? true : null;
    }
}
