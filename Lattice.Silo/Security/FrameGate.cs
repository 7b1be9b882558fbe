using System.Buffers;
using System.Buffers.Binary;
using Orleans.Serialization.Buffers;

namespace Lattice.Silo.Security;

/// <summary>
/// Looks at the beginning of every message that a client sends, before Orleans does: its sender has to be the client that spoke first on this connection, and it has to be one
/// that a client sends. Orleans itself believes what a message says of its sender, so that a client could pass for a silo or a grain, which are asked for nothing; takes an answer from
/// whoever gives it; and does not survive some messages that no client sends. Used by one connection.
/// </summary>
/// <param name="greeted">Told the client when it has spoken.</param>
/// <param name="asksNoClient">Types of grains that never wait for a client's answer.</param>
/// <remarks>
/// A connection begins with a greeting: its length in four bytes, then its content. Each message is the lengths of header and body, four bytes each, little-endian, then both.
/// The header begins with flags (4 bytes), id (8 bytes), then sender and target, each as two texts, of which each is its length, a hash of four bytes, and its bytes; then the silos
/// of both, each as its length and so many bytes.
/// </remarks>
internal sealed class FrameGate(Action<GrainId> greeted, IReadOnlyList<GrainType> asksNoClient)
{
    private const int MaxGreeting = 1024;
    private const int MaxHeader = 64 << 10;
    private const int LengthBytes = sizeof(int);
    private const string NoMessage = "it sent something that is no message of a client";

    // Of the flags: what kind of message it is.
    private const int DirectionShift = 16;
    private const uint DirectionMask = 0xF;
    private const uint Request = 1;
    private const uint Response = 2;
    private const uint OneWay = 3;

    // Between a client's key and what it answers calls with.
    private const byte ObserverMark = (byte)'+';

    // The longest that either text of a client's id can be; those of Orleans have about forty bytes.
    private const int MaxText = 512;

    private readonly byte[] typeText = new byte[MaxText];
    private readonly byte[] keyText = new byte[MaxText];
    private byte[] client = [];
    private bool isGreeted;
    private long next;

    /// <summary>The client, once it has spoken.</summary>
    public GrainId? Client { get; private set; }

    /// <summary>Looks at what has arrived and was not looked at yet.</summary>
    /// <param name="buffer">Everything that arrived and was not taken yet.</param>
    /// <returns>What is wrong with it; null: nothing.</returns>
    public string? Look(in ReadOnlySequence<byte> buffer)
    {
        while (next < buffer.Length)
        {
            ReadOnlySequence<byte> rest = buffer.Slice(next);
            if (!isGreeted)
            {
                if (rest.Length < LengthBytes)
                {
                    return null;
                }

                int greeting = ReadLength(rest);
                if (greeting is <= 0 or > MaxGreeting)
                {
                    return "it does not speak the protocol of clients";
                }

                isGreeted = true;
                next += LengthBytes + greeting;
                continue;
            }

            if (rest.Length < 2 * LengthBytes)
            {
                return null;
            }

            int header = ReadLength(rest);
            int body = ReadLength(rest.Slice(LengthBytes));
            if (header is <= 0 or > MaxHeader || body < 0)
            {
                return NoMessage;
            }

            if (rest.Length < (2 * LengthBytes) + header)
            {
                return null;
            }

            if (LookAtHeader(rest.Slice(2 * LengthBytes, header)) is { } problem)
            {
                return problem;
            }

            next += (2 * LengthBytes) + header + (long)body;
        }

        return null;
    }

    /// <summary>So many bytes of the buffer were taken.</summary>
    public void Taken(long bytes) => next -= bytes;

    private static int ReadLength(in ReadOnlySequence<byte> from)
    {
        Span<byte> bytes = stackalloc byte[LengthBytes];
        from.Slice(0, LengthBytes).CopyTo(bytes);
        return BinaryPrimitives.ReadInt32LittleEndian(bytes);
    }

    private string? LookAtHeader(in ReadOnlySequence<byte> header)
    {
        try
        {
            // The session is for references between objects, of which there are none here.
            var reader = Reader.Create(header, session: null!);
            uint direction = (reader.ReadUInt32() >> DirectionShift) & DirectionMask;
            reader.ReadInt64();
            ReadOnlySpan<byte> type = typeText.AsSpan(0, ReadText(ref reader, typeText));
            ReadOnlySpan<byte> key = keyText.AsSpan(0, ReadText(ref reader, keyText));
            if (!type.StartsWith(GrainTypePrefix.ClientPrefixBytes.Span) || key.StartsWith(OutsideCaller.MarkOfSilos) || key.IsEmpty)
            {
                return "it sent a message in the name of the cluster itself";
            }

            if (Client is not null && (!key.StartsWith(client) || (key.Length > client.Length && key[client.Length] != ObserverMark)))
            {
                return "it sent a message in the name of another client";
            }

            if (Client is null)
            {
                client = key.ToArray();
                Client = new GrainId(new GrainType(type.ToArray()), new IdSpan(client));
                greeted(Client.Value);
            }

            return LookAtTarget(ref reader, direction);
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or IndexOutOfRangeException or OverflowException or FormatException)
        {
            return NoMessage;
        }
    }

    private string? LookAtTarget(ref Reader<ReadOnlySequenceInput> reader, uint direction)
    {
        ReadOnlySpan<byte> type = typeText.AsSpan(0, ReadText(ref reader, typeText));
        ReadOnlySpan<byte> key = keyText.AsSpan(0, ReadText(ref reader, keyText));
        Skip(ref reader);
        bool hasTargetSilo = Skip(ref reader);
        bool isSystemTarget = type.StartsWith(GrainTypePrefix.SystemTargetPrefixBytes.Span);
        if (type.IsEmpty || key.IsEmpty || direction is not (Request or Response or OneWay) || (isSystemTarget && !hasTargetSilo))
        {
            return NoMessage;
        }

        if (direction == Response && (isSystemTarget || AsksNoClient(type)))
        {
            return "it sent an answer to a question that no client was asked";
        }

        return null;
    }

    private bool AsksNoClient(ReadOnlySpan<byte> type)
    {
        foreach (GrainType known in asksNoClient)
        {
            if (type.SequenceEqual(known.AsSpan()))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Passes over a text that is not looked at.</summary>
    /// <returns>Whether there was one.</returns>
    private static bool Skip(ref Reader<ReadOnlySequenceInput> reader)
    {
        uint length = reader.ReadVarUInt32();
        if (length > MaxHeader)
        {
            throw new FormatException();
        }

        reader.Skip(length);
        return length > 0;
    }

    private static int ReadText(ref Reader<ReadOnlySequenceInput> reader, byte[] into)
    {
        uint length = reader.ReadVarUInt32();
        if (length == 0)
        {
            return 0;
        }

        reader.ReadInt32();
        reader.ReadBytes(into.AsSpan(0, checked((int)length)));
        return (int)length;
    }
}
