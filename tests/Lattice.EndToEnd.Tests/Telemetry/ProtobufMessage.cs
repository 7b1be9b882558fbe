using System.Text;

namespace Lattice.EndToEnd.Tests.Telemetry;

/// <summary>A message of protocol buffers, read without its schema: by the numbers of its fields.</summary>
internal sealed class ProtobufMessage
{
    private const int Varint = 0;
    private const int Fixed64 = 1;
    private const int Delimited = 2;
    private const int Fixed32 = 5;

    private readonly List<(int Number, ReadOnlyMemory<byte> Content)> fields = [];

    public ProtobufMessage(ReadOnlyMemory<byte> bytes)
    {
        int at = 0;
        while (at < bytes.Length)
        {
            ulong key = ReadVarint(bytes.Span, ref at);
            int length = (int)(key & 7) switch
            {
                Varint => SkipVarint(bytes.Span, at),
                Fixed64 => 8,
                Delimited => (int)ReadVarint(bytes.Span, ref at),
                Fixed32 => 4,
                int other => throw new InvalidDataException($"Wire type {other}."),
            };
            fields.Add(((int)(key >> 3), bytes.Slice(at, length)));
            at += length;
        }
    }

    public IEnumerable<ProtobufMessage> Messages(int field) => fields.Where(f => f.Number == field).Select(f => new ProtobufMessage(f.Content));

    public string Text(int field) => Encoding.UTF8.GetString(Content(field).Span);

    public string Hex(int field) => Convert.ToHexStringLower(Content(field).Span);

    private ReadOnlyMemory<byte> Content(int field) => fields.Find(f => f.Number == field).Content;

    private static int SkipVarint(ReadOnlySpan<byte> bytes, int at)
    {
        int end = at;
        ReadVarint(bytes, ref end);
        return end - at;
    }

    private static ulong ReadVarint(ReadOnlySpan<byte> bytes, ref int at)
    {
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte next = bytes[at++];
            value |= (ulong)(next & 127) << shift;
            if (next < 128)
            {
                return value;
            }
        }
    }
}
