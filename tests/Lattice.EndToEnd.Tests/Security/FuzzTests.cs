using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Lattice.Client;
using Lattice.EndToEnd.Tests.Harness;
using Lattice.Grains.Streams;

namespace Lattice.EndToEnd.Tests.Security;

/// <summary>
/// Bytes that nobody means, and such as are nearly right, on every port of a node: none of them ends it, makes it large, or keeps others from being served. A seed makes the same bytes again;
/// <c>LATTICE_FUZZ_ROUNDS</c> says how many connections a port gets.
/// </summary>
[Trait("Share", "Full")]
public sealed class FuzzTests
{
    private const int Seed = 20260101;
    private const int DefaultRounds = 150;
    private const int AtOnce = 16;
    private const long MostGrowth = 256L << 20;

    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(100);

    private static int Rounds => int.TryParse(Environment.GetEnvironmentVariable("LATTICE_FUZZ_ROUNDS"), CultureInfo.InvariantCulture, out int rounds) ? rounds : DefaultRounds;

    [Fact]
    public async Task Fuzzed_bytes_do_not_bring_down_a_node_that_asks_for_nothing()
    {
        using var cluster = new TestCluster(nodes: 1);
        await FuzzAsync(cluster, token: null);
    }

    [Fact]
    public async Task Fuzzed_bytes_do_not_bring_down_a_node_that_asks_for_tokens()
    {
        using var files = new SecurityFiles();
        using var cluster = new TestCluster(nodes: 1, files.Tokens);
        ProcessResult made = cluster.Run("token", "create", "operator", "--role", "admin");
        made.AssertSucceeded();
        await File.WriteAllTextAsync(files.OperatorTokenFile, made.Output);
        await FuzzAsync(cluster, made.Output.Trim());
    }

    [Fact]
    public async Task Fuzzed_bytes_do_not_bring_down_a_node_with_TLS()
    {
        using var files = new SecurityFiles();
        using var cluster = new TestCluster(nodes: 1, files.TokensAndTls);
        ProcessResult made = cluster.Run("token", "create", "operator", "--role", "admin");
        made.AssertSucceeded();
        await File.WriteAllTextAsync(files.OperatorTokenFile, made.Output);
        var tls = new LatticeTls(files.PathOf("client.pem"), files.PathOf("client.key"), files.PathOf("ca.pem"));
        await FuzzAsync(cluster, made.Output.Trim(), tls);
    }

    private static async Task FuzzAsync(TestCluster cluster, string? token, LatticeTls? tls = null)
    {
        cluster.StartAll();
        cluster.WaitUntilHealthy(TimeSpan.FromSeconds(60));
        IReadOnlyList<byte[]> conversations = await RecordAsync(cluster, token, tls);
        Assert.Equal(2, conversations.Count);
        Assert.Equal(tls is null, conversations.Any(BeginsAsRequests));
        byte[] request = Encoding.ASCII.GetBytes("GET /metrics HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\nContent-Length: 0\r\n\r\n");
        long before = cluster[1].ResidentBytes;

        foreach (byte[] conversation in conversations)
        {
            await SendAsync(cluster.GatewayOf(1), conversation, seed: Seed);
            await SendAsync(cluster.AddressOf(1), conversation, seed: Seed + 1);
        }

        await SendAsync(cluster.MetricsOf(1), request, seed: Seed + 2);

        Assert.True(cluster[1].IsRunning, cluster.Logs());
        cluster.WaitUntilHealthy();
        cluster.Run("put", "after", "all").AssertSucceeded();
        Assert.Equal("all", cluster.Run("get", "after").Output.TrimEnd());
        Assert.True(cluster[1].ResidentBytes - before < MostGrowth, $"The node grew from {before >> 20} to {cluster[1].ResidentBytes >> 20} MiB.");
    }

    private static bool BeginsAsRequests(byte[] conversation) => conversation.AsSpan().StartsWith(RequestStream.Mark.Span);

    /// <summary>What a client says that reads and writes: to Orleans, and with its requests.</summary>
    private static async Task<IReadOnlyList<byte[]>> RecordAsync(TestCluster cluster, string? token, LatticeTls? tls)
    {
        using var proxy = new RecordingProxy(cluster.GatewayOf(1));
        var options = new LatticeClientOptions { ClusterName = cluster.Name, Token = token, Tls = tls, RequestTimeout = TimeSpan.FromSeconds(30) };
        options.Gateways.Add(proxy.Address);
        await using LatticeClient client = await LatticeClient.ConnectAsync(options);
        for (int i = 0; i < 5; i++)
        {
            await client.PutAsync($"recorded/{i}", "value");
            await client.GetAsync($"recorded/{i}");
        }

        await client.StatusAsync();
        return proxy.Said;
    }

    private static Task SendAsync(string address, byte[] valid, int seed) =>
        Parallel.ForEachAsync(Enumerable.Range(0, Rounds), new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (round, _) =>
        {
            byte[] bytes = Make(new Random((seed * 1_000_003) + round), valid);
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            try
            {
                await socket.ConnectAsync(IPEndPoint.Parse(address));
                using var patience = new CancellationTokenSource(Patience);
                await socket.SendAsync(bytes, SocketFlags.None, patience.Token);
                byte[] answer = new byte[4096];
                while (await socket.ReceiveAsync(answer, SocketFlags.None, patience.Token) > 0)
                {
                    // Whatever the node says to that.
                }
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException)
            {
                // The node ended the connection, or had nothing to say.
            }
        });

    private static byte[] Make(Random random, byte[] valid)
    {
        byte[] bytes;
        switch (random.Next(BeginsAsRequests(valid) ? 6 : 5))
        {
            case 0:
                bytes = new byte[random.Next(1, 4096)];
                random.NextBytes(bytes);
                return bytes;
            case 1:
                bytes = new byte[random.Next(1, valid.Length + 512)];
                random.NextBytes(bytes);
                valid.AsSpan(0, Math.Min(random.Next(valid.Length), bytes.Length)).CopyTo(bytes);
                return bytes;
            case 2:
                // A greeting that is right, then lengths that are not.
                int mark = BeginsAsRequests(valid) ? RequestStream.Mark.Length : 0;
                bytes = valid.AsSpan(0, Math.Min(valid.Length, mark + 4 + Math.Clamp(BinaryPrimitives.ReadInt32LittleEndian(valid.AsSpan(mark)), 0, 1024))).ToArray();
                byte[] lengths = new byte[64];
                random.NextBytes(lengths);
                BinaryPrimitives.WriteInt32LittleEndian(lengths, random.Next(-2, 70_000));
                BinaryPrimitives.WriteInt32LittleEndian(lengths.AsSpan(4), random.Next(2) == 0 ? int.MaxValue : random.Next(-2, 200_000_000));
                return [.. bytes, .. lengths];
            case 5:
                bytes = (byte[])valid.Clone();
                DamageBehindTheCheck(random, bytes);
                return bytes;
            default:
                bytes = (byte[])valid.Clone();
                for (int i = random.Next(1, 9); i > 0; i--)
                {
                    bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
                }

                return bytes;
        }
    }

    /// <summary>Changes requests and makes their checks right again, so that what is in them is looked at.</summary>
    private static void DamageBehindTheCheck(Random random, byte[] conversation)
    {
        Span<byte> rest = conversation.AsSpan(RequestStream.Mark.Length);
        while (rest.Length > FrameStream.LengthBytes)
        {
            int length = Math.Min(BinaryPrimitives.ReadInt32LittleEndian(rest), rest.Length - FrameStream.LengthBytes);
            Span<byte> frame = rest.Slice(FrameStream.LengthBytes, length);
            if (random.Next(2) == 0 && length > sizeof(ulong))
            {
                frame[random.Next(sizeof(ulong), length)] = (byte)random.Next(256);
                RequestStream.Seal(frame);
            }

            rest = rest[(FrameStream.LengthBytes + length)..];
        }
    }
}
