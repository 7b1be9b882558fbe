using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Lattice.Client;
using Lattice.Cluster.Tests.Harness;
using Lattice.Grains;
using Lattice.Grains.Requests;
using Lattice.Grains.Streams;
using Lattice.Silo.Requests;
using Microsoft.Extensions.DependencyInjection;

namespace Lattice.Cluster.Tests.Requests;

/// <summary>What clients and a node say to each other on connections for requests, with real ones.</summary>
public sealed class RequestConversationTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    [Fact]
    public async Task A_client_makes_no_calls_of_Orleans_for_its_requests()
    {
        await using var cluster = new TestCluster(nodes: 1);
        await cluster.StartAsync();
        await cluster.WaitUntilLedAsync();
        RequestReceiver receiver = cluster[1].Services.GetRequiredService<RequestReceiver>();
        await using (LatticeClient client = await cluster.ConnectAsync())
        {
            await client.PutAsync("greeting", "hello");
            Assert.Equal("hello", (await client.GetAsync("greeting"))!.Text);
            Assert.Single(await client.ScanPrefixAsync("greet").ToListAsync());

            Assert.Equal(1, receiver.Open);
            SimpleGrainStatistic[] grains = await cluster[1].Services.GetRequiredService<IGrainFactory>().GetGrain<IManagementGrain>(0).GetSimpleGrainStatistics();
            Assert.DoesNotContain(grains, g => g.GrainType.Contains(nameof(ShardGrain), StringComparison.Ordinal));
        }

        await Eventually.Holds(() => receiver.Open == 0, Patience, "the node sees that the client is gone");
    }

    [Fact]
    public async Task A_larger_request_than_a_node_takes_is_refused_and_the_connection_goes_on()
    {
        await using var cluster = new TestCluster(nodes: 1);
        await cluster.StartAsync();
        await cluster.WaitUntilLedAsync();
        await using LatticeClient client = await cluster.ConnectAsync();

        await Assert.ThrowsAsync<LatticeRequestException>(() => client.PutAsync("key"u8.ToArray(), new byte[RequestStream.LongestRequest]));

        await client.PutAsync("key", "value");
        Assert.Equal("value", (await client.GetAsync("key"))!.Text);
    }

    [Fact]
    public async Task Requests_are_answered_and_what_is_none_ends_the_connection()
    {
        await using var cluster = new TestCluster(nodes: 1);
        await cluster.StartAsync();
        await cluster.WaitUntilLedAsync();
        IPEndPoint gateway = IPEndPoint.Parse(cluster.Settings(1).Self.Gateway);

        using (var raw = new RawConversation(gateway))
        {
            raw.Send(RequestFrame.Greeting(token: null));
            Assert.Equal((0UL, ShardStatus.Ok), Of(await raw.ReadAsync()));
            raw.Send(new RequestFrame(5, RequestKind.Write, 1, 5000, default, WriteBatch.Encode([new Command([], [Operation.Put("key"u8.ToArray(), "value"u8.ToArray())])])));
            Assert.Equal((5UL, ShardStatus.Ok), Of(await raw.ReadAsync()));
            raw.Send(new RequestFrame(6, RequestKind.LinearizableQuery, 1, 5000, default, new byte[] { 99 }));
            ReplyFrame refused = (await raw.ReadAsync())!.Value;
            Assert.Equal((6UL, ShardStatus.Ok), Of(refused));
            Assert.Throws<QueryRefusedException>(() => QueryBatch.DecodeGets(refused.Reply.Payload));
            raw.Send(new RequestFrame(7, RequestKind.LocalQuery, 77, 200, default, QueryBatch.EncodeGets(["key"u8.ToArray()])));
            Assert.Equal((7UL, ShardStatus.NoSuchGroup), Of(await raw.ReadAsync()));
            raw.Send(RequestFrame.Greeting(token: null));
            Assert.Null(await raw.ReadAsync());
        }

        using (var raw = new RawConversation(gateway))
        {
            raw.Send(new RequestFrame(1, RequestKind.Write, 1, 5000, default, default));
            Assert.Null(await raw.ReadAsync());
        }

        using (var raw = new RawConversation(gateway))
        {
            raw.Send(RequestFrame.Greeting(token: null));
            Assert.NotNull(await raw.ReadAsync());
            raw.Send(new byte[64]);
            Assert.Null(await raw.ReadAsync());
        }
    }

    private static (ulong, ShardStatus) Of(ReplyFrame? reply) => (reply!.Value.Id, reply.Value.Reply.Status);

    /// <summary>A client that says what the test wants it to say.</summary>
    private sealed class RawConversation : IDisposable
    {
        private readonly Socket socket = new(SocketType.Stream, ProtocolType.Tcp);
        private readonly NetworkStream stream;
        private readonly PipeReader input;

        public RawConversation(IPEndPoint gateway)
        {
            socket.Connect(gateway);
            stream = new NetworkStream(socket);
            input = PipeReader.Create(stream);
            Send(RequestStream.Mark.Span);
        }

        public void Send(ReadOnlySpan<byte> bytes) => stream.Write(bytes);

        public void Send(RequestFrame frame)
        {
            byte[] bytes = new byte[frame.Length];
            frame.WriteTo(bytes);
            var framed = new ArrayBufferWriter<byte>();
            FrameStream.Write(framed, bytes);
            Send(framed.WrittenSpan);
        }

        /// <summary>The next reply; null: the node ended the connection.</summary>
        public async Task<ReplyFrame?> ReadAsync()
        {
            using var patience = new CancellationTokenSource(Patience);
            while (true)
            {
                ReadResult read;
                try
                {
                    read = await input.ReadAsync(patience.Token);
                }
                catch (IOException)
                {
                    return null;
                }

                ReadOnlySequence<byte> buffer = read.Buffer;
                bool isWhole = FrameStream.TryTake(ref buffer, RequestStream.LongestReply, out byte[] frame);
                input.AdvanceTo(buffer.Start, isWhole ? buffer.Start : buffer.End);
                if (isWhole || read.IsCompleted)
                {
                    return isWhole ? ReplyFrame.Read(frame) : null;
                }
            }
        }

        public void Dispose()
        {
            stream.Dispose();
            socket.Dispose();
        }
    }
}
