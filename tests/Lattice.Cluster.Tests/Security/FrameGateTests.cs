using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Lattice.Silo.Security;

namespace Lattice.Cluster.Tests.Security;

/// <summary>What a client may say through a gateway, byte for byte.</summary>
public sealed class FrameGateTests
{
    private const uint Request = 1;
    private const uint Response = 2;

    private static readonly byte[] Greeting = [3, 0, 0, 0, 1, 2, 3];

    [Fact]
    public void A_clients_own_messages_pass_however_they_are_cut()
    {
        byte[] said = [.. Greeting, .. Message("sys.client", "abc", "shard", "1"), .. Message("sys.client", "abc+observer", "grain", "1", Response), .. Message("sys.client", "abc", "sys.svc.manifest", "1", targetSilo: [1, 2, 3])];
        for (int piece = 1; piece <= said.Length; piece++)
        {
            FrameGate gate = New(out List<GrainId> greeted);
            for (int end = piece; end < said.Length; end += piece)
            {
                Assert.Null(gate.Look(new ReadOnlySequence<byte>(said, 0, end)));
            }

            Assert.Null(gate.Look(new ReadOnlySequence<byte>(said)));
            Assert.Equal("abc", Assert.Single(greeted).Key.ToString());
        }
    }

    [Fact]
    public void What_was_taken_is_not_looked_at_again()
    {
        FrameGate gate = New(out _);
        byte[] first = [.. Greeting, .. Message("sys.client", "abc", "shard", "1")];
        Assert.Null(gate.Look(new ReadOnlySequence<byte>(first)));
        gate.Taken(first.Length);
        Assert.Null(gate.Look(new ReadOnlySequence<byte>(Message("sys.client", "abc", "shard", "1"))));
    }

    [Theory]
    [InlineData("shard", "1")]
    [InlineData("sys.svc.user.5A3F", "127.0.0.1:5001@1")]
    [InlineData("sys.client", "hosted-127.0.0.1:5001@1")]
    public void Nobody_passes_for_a_grain_or_a_silo(string type, string key) =>
        Assert.Equal("it sent a message in the name of the cluster itself", Look(Message(type, key, "shard", "1")));

    [Fact]
    public void Nobody_passes_for_another_client() =>
        Assert.Equal("it sent a message in the name of another client", Look([.. Message("sys.client", "abc", "shard", "1"), .. Message("sys.client", "abd", "shard", "1")]));

    [Theory]
    [InlineData("shard")]
    [InlineData("sys.svc.user.5A3F")]
    public void Nobody_answers_what_nodes_asked_each_other(string target) =>
        Assert.Equal("it sent an answer to a question that no client was asked", Look(Message("sys.client", "abc", target, "1", Response, [1, 2, 3])));

    [Fact]
    public void What_is_no_message_does_not_pass()
    {
        Assert.NotNull(Look(Message("sys.client", "abc", "sys.svc.manifest", "1")));
        Assert.NotNull(Look(Message("sys.client", "abc", "", "")));
        Assert.NotNull(Look(Message("sys.client", "abc", "shard", "1", direction: 0)));
        Assert.NotNull(Look([0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0]));
        Assert.NotNull(New(out _).Look(new ReadOnlySequence<byte>("GET /metrics HTTP/1.1"u8.ToArray())));
    }

    private static string? Look(byte[] messages) => New(out _).Look(new ReadOnlySequence<byte>([.. Greeting, .. messages]));

    private static FrameGate New(out List<GrainId> greeted)
    {
        List<GrainId> heard = [];
        greeted = heard;
        return new FrameGate(heard.Add, [GrainType.Create("shard")]);
    }

    /// <summary>A message as Orleans writes it, with a body of five bytes.</summary>
    private static byte[] Message(string senderType, string senderKey, string targetType, string targetKey, uint direction = Request, byte[]? targetSilo = null)
    {
        byte[] header = [.. BitConverter.GetBytes(direction << 16), .. new byte[8], .. Text(senderType), .. Text(senderKey), .. Text(targetType), .. Text(targetKey), .. Silo([]), .. Silo(targetSilo ?? [])];
        byte[] lengths = new byte[8];
        BinaryPrimitives.WriteInt32LittleEndian(lengths, header.Length);
        BinaryPrimitives.WriteInt32LittleEndian(lengths.AsSpan(4), 5);
        return [.. lengths, .. header, .. new byte[5]];
    }

    private static byte[] Text(string text) => text.Length == 0 ? [1] : [Length(text.Length), 9, 9, 9, 9, .. Encoding.ASCII.GetBytes(text)];

    private static byte[] Silo(byte[] address) => [Length(address.Length), .. address];

    // Orleans' variable-length integers: below 128 one byte, its lowest bit says so.
    private static byte Length(int length) => (byte)((length << 1) | 1);
}
