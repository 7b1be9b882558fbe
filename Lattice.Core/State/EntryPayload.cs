using System.Buffers.Binary;
using Lattice.Core.Upgrade;

namespace Lattice.Core.State;

/// <summary>
/// The payload of a log entry of kind <c>Command</c>: the feature level at which it was written, the leader's time and the write batches (<c>docs/wire-format.md</c>).
/// All replicas have to do the same with it, so one whose binary does not know the level does nothing with it and stops.
/// </summary>
/// <param name="TimeMs">Milliseconds since 1970 by the leader's stamp.</param>
/// <param name="Batches">The write batches, as the clients encoded them.</param>
public sealed record EntryPayload(ulong TimeMs, IReadOnlyList<ReadOnlyMemory<byte>> Batches)
{
    private const int HeaderSize = 1 + 8 + 4;

    /// <summary>The payload's bytes.</summary>
    public static byte[] Encode(ulong timeMs, IReadOnlyList<ReadOnlyMemory<byte>> batches, int level = FeatureLevels.First)
    {
        int size = HeaderSize;
        for (int i = 0; i < batches.Count; i++)
        {
            size = checked(size + 4 + batches[i].Length);
        }

        byte[] payload = GC.AllocateUninitializedArray<byte>(size);
        payload[0] = checked((byte)level);
        BinaryPrimitives.WriteUInt64LittleEndian(payload.AsSpan(1), timeMs);
        BinaryPrimitives.WriteUInt32LittleEndian(payload.AsSpan(9), (uint)batches.Count);
        int position = HeaderSize;
        for (int i = 0; i < batches.Count; i++)
        {
            ReadOnlySpan<byte> batch = batches[i].Span;
            BinaryPrimitives.WriteUInt32LittleEndian(payload.AsSpan(position), (uint)batch.Length);
            batch.CopyTo(payload.AsSpan(position + 4));
            position += 4 + batch.Length;
        }

        return payload;
    }

    /// <summary>Reads a payload; the batches are slices of it.</summary>
    /// <exception cref="WireFormatException">The bytes are not a payload.</exception>
    /// <exception cref="StateFormatException">The payload was written by a newer version.</exception>
    public static EntryPayload Decode(ReadOnlyMemory<byte> payload) => TryDecode(payload, out EntryPayload? decoded)
        ? decoded
        : throw new WireFormatException($"The {payload.Length} bytes of a log entry are not a time and write batches as docs/wire-format.md describes them.");

    /// <summary>The leader's stamp, without decoding the rest; false when these are not the bytes of a payload.</summary>
    internal static bool TryReadTime(ReadOnlySpan<byte> payload, out ulong timeMs)
    {
        if (payload.Length < HeaderSize || !IsKnown(payload[0]))
        {
            timeMs = 0;
            return false;
        }

        timeMs = BinaryPrimitives.ReadUInt64LittleEndian(payload[1..]);
        return true;
    }

    internal static bool TryDecode(ReadOnlyMemory<byte> payload, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out EntryPayload? decoded)
    {
        decoded = null;
        var reader = new WireReader(payload.Span);
        byte level = reader.U8();
        if (!reader.Failed && !IsKnown(level))
        {
            throw new StateFormatException($"A log entry was written at feature level {level}, but this binary knows levels up to {FeatureLevels.Newest}. It comes from a newer version of Lattice; applying it as something else would make this replica differ from the others. Start this node with the version that the rest of the cluster runs.");
        }

        ulong time = reader.U64();
        uint count = reader.U32();
        if (reader.Failed || count > (uint)reader.Remaining / 4)
        {
            return false;
        }

        var batches = new ReadOnlyMemory<byte>[count];
        for (int i = 0; i < batches.Length; i++)
        {
            batches[i] = payload[reader.Bytes32()];
        }

        if (!reader.AtEnd)
        {
            return false;
        }

        decoded = new EntryPayload(time, batches);
        return true;
    }

    private static bool IsKnown(byte level) => level is >= FeatureLevels.First and <= FeatureLevels.Newest;
}
