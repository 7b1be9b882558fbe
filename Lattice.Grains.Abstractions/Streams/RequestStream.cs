using System.Buffers.Binary;
using System.Diagnostics;
using System.IO.Hashing;
using System.Text;
using Lattice.Grains.Access;
using Lattice.Grains.Requests;

namespace Lattice.Grains.Streams;

/// <summary>
/// The conversation of a client with its gateway about the requests of groups (<c>docs/wire-format.md</c>): a <see cref="FrameStream"/> each way on one connection. The client begins with a
/// greeting; requests are answered in whichever order they are done.
/// </summary>
internal static class RequestStream
{
    /// <summary>Longest request that a node takes: above what an entry of the log may have, so that somewhat longer ones are answered with what is wrong.</summary>
    public const int LongestRequest = 8 << 20;

    /// <summary>Longest reply that a client takes.</summary>
    public const int LongestReply = 256 << 20;

    /// <summary>Longest greeting: a token, and room.</summary>
    public const int LongestGreeting = 1024;

    /// <summary>What this side speaks.</summary>
    public const byte Version = 1;

    private const int CheckBytes = 8;

    /// <summary>How such a connection begins.</summary>
    public static ReadOnlyMemory<byte> Mark { get; } = "LATTICEC"u8.ToArray();

    /// <summary>Puts the check of all that follows it before it.</summary>
    public static void Seal(Span<byte> frame) => BinaryPrimitives.WriteUInt64LittleEndian(frame, XxHash3.HashToUInt64(frame[CheckBytes..]));

    /// <summary>What is behind the check.</summary>
    /// <exception cref="InvalidDataException">It is not what was sent.</exception>
    public static FieldReader Open(ReadOnlyMemory<byte> frame) =>
        frame.Length > CheckBytes && BinaryPrimitives.ReadUInt64LittleEndian(frame.Span) == XxHash3.HashToUInt64(frame.Span[CheckBytes..])
            ? new FieldReader(frame[CheckBytes..])
            : throw new InvalidDataException("its check does not match its content");
}

/// <summary>What is asked for.</summary>
internal enum RequestKind : byte
{
    /// <summary>The first: the client says who it is.</summary>
    Greeting = 0,

    /// <summary>A write batch.</summary>
    Write = 1,

    /// <summary>A query batch that sees every write acknowledged before.</summary>
    LinearizableQuery = 2,

    /// <summary>A query batch, answered by the gateway's own replica.</summary>
    LocalQuery = 3,
}

/// <summary>A request on its way.</summary>
/// <param name="Id">What the reply is to name.</param>
/// <param name="Kind">What is asked for.</param>
/// <param name="Group">Of which group.</param>
/// <param name="TimeoutMs">Milliseconds after which nobody waits for the reply.</param>
/// <param name="Caller">The activity that asks; the default value: none.</param>
/// <param name="Payload">The encoded batch; of a greeting the token.</param>
internal readonly record struct RequestFrame(ulong Id, RequestKind Kind, uint Group, int TimeoutMs, ActivityContext Caller, ReadOnlyMemory<byte> Payload) : IFrame
{
    private const int HeadBytes = 8 + 1 + 8 + 1 + 4 + 4 + 1;
    private const int TraceIdBytes = 16;
    private const int SpanIdBytes = 8;
    private const int CallerBytes = TraceIdBytes + SpanIdBytes + 1;

    /// <inheritdoc/>
    public int Length => HeadBytes + (Caller == default ? 0 : CallerBytes) + Payload.Length;

    /// <summary>The beginning of a conversation.</summary>
    public static RequestFrame Greeting(string? token) => new(0, RequestKind.Greeting, 0, 0, default, Encoding.UTF8.GetBytes(token ?? ""));

    /// <inheritdoc/>
    public void WriteTo(Span<byte> target)
    {
        var writer = new FieldWriter(target);
        writer.U64(0);
        writer.U8(RequestStream.Version);
        writer.U64(Id);
        writer.U8((byte)Kind);
        writer.U32(Group);
        writer.U32((uint)TimeoutMs);
        writer.U8(Caller == default ? (byte)0 : (byte)1);
        if (Caller != default)
        {
            Span<byte> id = stackalloc byte[TraceIdBytes];
            Caller.TraceId.CopyTo(id);
            writer.Raw(id);
            Caller.SpanId.CopyTo(id[..SpanIdBytes]);
            writer.Raw(id[..SpanIdBytes]);
            writer.U8((byte)Caller.TraceFlags);
        }

        writer.Raw(Payload.Span);
        RequestStream.Seal(target);
    }

    /// <summary>Reads one.</summary>
    /// <exception cref="InvalidDataException">That is none of this version.</exception>
    public static RequestFrame Read(ReadOnlyMemory<byte> frame)
    {
        FieldReader reader = RequestStream.Open(frame);
        try
        {
            byte version = reader.U8();
            if (version != RequestStream.Version)
            {
                throw new InvalidDataException($"it has version {version}, and this node knows version {RequestStream.Version}");
            }

            ulong id = reader.U64();
            var kind = (RequestKind)reader.U8();
            if (kind > RequestKind.LocalQuery)
            {
                throw new InvalidDataException($"it asks for something unknown ({(byte)kind})");
            }

            uint group = reader.U32();
            int timeoutMs = (int)Math.Min(reader.U32(), int.MaxValue);
            ActivityContext caller = reader.U8() == 0
                ? default
                : new ActivityContext(
                    ActivityTraceId.CreateFromBytes(reader.Raw(TraceIdBytes).Span),
                    ActivitySpanId.CreateFromBytes(reader.Raw(SpanIdBytes).Span),
                    (ActivityTraceFlags)reader.U8(),
                    isRemote: true);
            return new RequestFrame(id, kind, group, timeoutMs, caller, reader.Rest);
        }
        catch (WireFormatException e)
        {
            throw new InvalidDataException("it ends within its head", e);
        }
    }
}

/// <summary>A reply on its way.</summary>
/// <param name="Id">Of the request.</param>
/// <param name="Reply">What came of it.</param>
/// <param name="Refusal">Why it was not let in, when it was not; the reply's message says it in words.</param>
internal readonly record struct ReplyFrame(ulong Id, ShardReply Reply, AccessRefusal? Refusal = null) : IFrame
{
    private const int HeadBytes = 8 + 8 + 1 + 1 + 4 + 2;
    private const byte LetIn = byte.MaxValue;

    /// <inheritdoc/>
    public int Length => HeadBytes + Encoding.UTF8.GetByteCount(Reply.Message) + Reply.Payload.Length;

    /// <inheritdoc/>
    public void WriteTo(Span<byte> target)
    {
        var writer = new FieldWriter(target);
        writer.U64(0);
        writer.U64(Id);
        writer.U8((byte)Reply.Status);
        writer.U8(Refusal is { } why ? (byte)why : LetIn);
        writer.U32((uint)Reply.Leader);
        writer.Bytes16(Encoding.UTF8.GetBytes(Reply.Message));
        writer.Raw(Reply.Payload.Span);
        RequestStream.Seal(target);
    }

    /// <summary>Reads one.</summary>
    /// <exception cref="InvalidDataException">That is none.</exception>
    public static ReplyFrame Read(ReadOnlyMemory<byte> frame)
    {
        FieldReader reader = RequestStream.Open(frame);
        try
        {
            ulong id = reader.U64();
            var status = (ShardStatus)reader.U8();
            byte refusal = reader.U8();
            int leader = (int)reader.U32();
            string message = reader.Text16();
            var reply = new ShardReply { Status = status, Leader = leader, Message = message, Payload = reader.Rest };
            return new ReplyFrame(id, reply, refusal == LetIn ? null : (AccessRefusal)refusal);
        }
        catch (WireFormatException e)
        {
            throw new InvalidDataException("it ends within its head", e);
        }
    }
}
